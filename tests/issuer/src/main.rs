//! An issuer to try Chirp with: `issuer [ADDRESS]` prints where it is, and for each line of its input, which is a JSON object of claims, a token.

use std::io::BufRead as _;
use std::time::{SystemTime, UNIX_EPOCH};

use issuer::{Issuer, Key};
use serde_json::{Value, json};

const GOOD_FOR: u64 = 60 * 60;

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "a program of its own reads its arguments and the clock")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let key = Key::p256("key-1");
    let issuer = Issuer::start(address.parse()?, vec![key.public()]).await;
    println!("{}", issuer.name);
    for line in std::io::stdin().lock().lines() {
        let claims: Value = serde_json::from_str(&line?)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let mut all = json!({"iss": issuer.name, "aud": "chirp", "iat": now, "exp": now + GOOD_FOR});
        for (claim, value) in claims.as_object().ok_or("a line must be a JSON object of claims")? {
            all[claim] = value.clone();
        }
        println!("{}", key.sign(&all));
    }
    // Its keys are still needed.
    std::future::pending().await
}
