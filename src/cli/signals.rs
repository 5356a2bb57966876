//! The signals that stop a program in good order.

use std::future::Future;
use std::io;

#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};

/// Completes at the first SIGINT (Ctrl-C) or SIGTERM. From the call on they no
/// longer end the process by themselves.
///
/// # Errors
/// If the system does not let the process listen to signals.
#[cfg(unix)]
pub(super) fn stop() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// As [`stop`], or because the terminal has gone (SIGHUP).
///
/// # Errors
/// As [`stop`].
#[cfg(unix)]
pub(super) fn stop_or_hangup() -> io::Result<impl Future<Output = ()>> {
    let stop = stop()?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            () = stop => {}
            _ = hangup.recv() => {}
        }
    })
}

/// Calls `act` at every SIGTSTP, which no longer stops the process by itself.
#[cfg(unix)]
pub(super) async fn at_suspension(act: impl Fn()) {
    let kind = SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw());
    // Without signals, the system's own way of suspending holds.
    let Ok(mut suspend) = signal(kind) else { return };
    while suspend.recv().await.is_some() {
        act();
    }
}

/// Completes at the first Ctrl-C.
#[cfg(not(unix))]
pub(super) fn stop() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

#[cfg(not(unix))]
pub(super) use stop as stop_or_hangup;

/// Does nothing: only Unix suspends programs.
#[cfg(not(unix))]
pub(super) async fn at_suspension(_act: impl Fn()) {}
