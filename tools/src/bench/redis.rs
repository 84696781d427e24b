//! The other yardstick of fan-out: the same rows as pipelined `ZADD` into a Redis of its own.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use shared::sql::Statement;
use shared::sql::database::{Database, Value};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::sleep;

const PIPELINE: usize = 10_000;
const START_DEADLINE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// In the order in which a fan-out on write meets the rows: post by post.
static SELECT_ROWS: Statement = Statement::new("SELECT owner, place FROM bare WHERE place > $1 ORDER BY place, owner");

/// The `redis-server` on the path, if there is one.
pub fn find_redis() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("redis-server")).find(|file| file.is_file())
}

/// A server that ends when this is dropped.
pub struct Redis {
    connection: BufReader<TcpStream>,
    _process: Child,
}

impl Redis {
    /// Starts a server that stores nothing on disk.
    pub async fn start(server: &Path, folder: &Path) -> anyhow::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
        let process = Command::new(server)
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("redis-server does not start")?;
        let started = Instant::now();
        loop {
            match TcpStream::connect(("127.0.0.1", port)).await {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(Self { connection: BufReader::new(stream), _process: process });
                }
                Err(cause) if started.elapsed() > START_DEADLINE => {
                    return Err(cause).context("redis-server is silent");
                }
                Err(_) => sleep(LOOK_AGAIN).await,
            }
        }
    }

    /// Delivers the rows after this place, and gives how long Redis took.
    pub async fn deliver(&mut self, bare: &Database, after: i64) -> anyhow::Result<Duration> {
        let mut tx = bare.begin_to_write().await?;
        let rows = tx.rows_in_their_time(&SELECT_ROWS, &[Value::Number(after)]).await?;
        let mut pairs: Vec<(i64, i64)> = Vec::with_capacity(rows.len());
        for row in &rows {
            pairs.push((row.get("owner")?, row.get("place")?));
        }
        let started = Instant::now();
        let mut line = String::new();
        for chunk in pairs.chunks(PIPELINE) {
            let mut commands = String::with_capacity(chunk.len() * 64);
            for (owner, place) in chunk {
                writeln!(commands, "ZADD timeline:{owner} {place} {place}\r")?;
            }
            self.connection.get_mut().write_all(commands.as_bytes()).await?;
            for _ in chunk {
                line.clear();
                self.connection.read_line(&mut line).await?;
                ensure!(line == ":1\r\n", "redis answered {line:?}");
            }
        }
        Ok(started.elapsed())
    }
}
