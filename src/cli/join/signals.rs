//! Leaving when the person, or the system, asks for it.

use wirechat::client::ChatClient;

/// What shells report for a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// Ctrl-C closes the connection, a second one ends the program at once. The same
/// goes for the request to terminate.
pub(super) async fn close_when_interrupted(client: ChatClient) {
    if interrupted().await.is_err() {
        return; // Then the system's own way of ending holds.
    }
    client.close();
    if interrupted().await.is_ok() {
        std::process::exit(INTERRUPTED);
    }
}

#[cfg(unix)]
async fn interrupted() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminated.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn interrupted() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
