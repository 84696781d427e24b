// The same in Node: node node.mjs COMMANDS QUERIES HTTP_VERSION FORMAT plays with these servers by Connect, and prints what happened.

import { createConnectTransport } from "@connectrpc/connect-node";
import { play } from "./play.js";

const [commands, queries, httpVersion, format] = process.argv.slice(2);

function transport(baseUrl) {
  return createConnectTransport({ baseUrl, httpVersion, useBinaryFormat: format === "binary", useHttpGet: true });
}

const outcome = await play({ commands: transport(commands), queries: transport(queries) }).catch((error) => ({
  failure: String(error),
}));
console.log(JSON.stringify(outcome));
// Connections that are kept would keep the process.
process.exit(0);
