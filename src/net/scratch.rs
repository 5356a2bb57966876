//! One read buffer a thread, so that an idle connection owns none.

use std::cell::Cell;

use tokio::io::ReadBuf;

/// Bytes that one read may take. What arrives whole in it is never copied aside.
const SIZE: usize = 256 << 10;

/// Where the buffer begins, since a long copy into memory that is not aligned takes up
/// to a fifth longer.
const PAGE: usize = 4 << 10;

thread_local! {
    static BUFFER: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// Runs `read` with this thread's buffer, nothing of it filled.
///
/// The buffer is taken out for the time of the call, so that a transport which
/// is itself built on a WebSocket finds none and gets a buffer of its own.
pub(crate) fn with<T>(read: impl FnOnce(&mut ReadBuf<'_>) -> T) -> T {
    let mut buffer = BUFFER.take().unwrap_or_else(|| vec![0; PAGE + SIZE].into_boxed_slice());
    let start = buffer.as_ptr().align_offset(PAGE);
    let result = read(&mut ReadBuf::new(&mut buffer[start..start + SIZE]));
    BUFFER.set(Some(buffer));
    result
}
