// The page: it plays with the servers in its address, by the protocol that stands there, and sends what happened to where it came from.

import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { play } from "./play.js";

const address = new URLSearchParams(location.search);

function transport(name) {
  const baseUrl = address.get(name);
  switch (address.get("protocol")) {
    case "grpc-web":
      return createGrpcWebTransport({ baseUrl });
    case "connect":
      return createConnectTransport({ baseUrl, useHttpGet: true });
    case "connect-binary":
      return createConnectTransport({ baseUrl, useBinaryFormat: true });
    default:
      throw new Error("the address names no protocol");
  }
}

const outcome = await play({ commands: transport("commands"), queries: transport("queries") }).catch((error) => ({
  failure: String(error),
}));
await fetch("/outcome", { method: "POST", body: JSON.stringify(outcome) });
