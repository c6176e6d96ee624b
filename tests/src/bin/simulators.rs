//! The simulators as a process. It prints `listening <url>` when ready, and stops on SIGTERM or when its
//! standard input closes, so that it never outlives whoever started it.

use std::io::{self, Read as _};
use std::process::ExitCode;

use convene_tests::simulators::{self, Settings};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("simulators: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let server = simulators::bind(Settings::from_environment()?).await?;
    println!("listening {}", server.url());
    tokio::select! {
        () = server.run() => {}
        _ = terminate.recv() => {}
        _ = standard_input_closed() => {}
    }
    Ok(())
}

/// Reads on a thread of its own: tokio's standard input would keep the runtime from shutting down.
fn standard_input_closed() -> oneshot::Receiver<()> {
    let (closed, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 1024];
        while let Ok(1..) = io::stdin().read(&mut buffer) {}
        closed.send(())
    });
    receiver
}
