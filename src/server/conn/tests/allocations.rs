//! What a message costs in allocations, however many read it.

use std::task::Waker;

use super::*;

/// A transport that takes everything at once and gives what it is given.
#[derive(Default)]
struct Wire {
    input: Vec<u8>,
    written: usize,
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.input.is_empty() {
            return Poll::Pending;
        }
        buffer.put_slice(&self.input);
        self.input.clear();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.written += bytes.len();
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A room full of connections that take their turns together.
struct Crowd(Vec<Conn<Wire>>);

impl Crowd {
    fn new(size: usize) -> Crowd {
        let hall = Hall::new(|config| config.chat.rate = None);
        let connect = |number| {
            let mailbox = Arc::new(Mailbox::new(Arc::new(())));
            let session = Session::open(
                Arc::clone(&hall.chat),
                Encoding::V1,
                Arc::clone(&mailbox),
                clock::now(),
            );
            let config = Arc::clone(&hall.config);
            let connection = config.connection;
            let mut join =
                masked(format!(r#"{{"type":"join","username":"U{number}"}}"#).as_bytes());
            Conn::new(Wire::default(), &mut join, connection, session, config)
        };
        let mut crowd = Crowd((0..size).map(connect).collect());
        crowd.settle();
        crowd
    }

    /// A turn of everybody, after which nothing is left to do.
    fn settle(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        self.0.iter_mut().for_each(|conn| conn.listen(&mut cx, Moment::now()));
        for conn in &mut self.0 {
            assert!(!conn.speak(&mut cx), "it wants another turn");
        }
    }

    /// The bytes that each has been sent since it was last asked.
    fn take_written(&mut self) -> Vec<usize> {
        self.0.iter_mut().map(|conn| std::mem::take(&mut conn.transport.written)).collect()
    }
}

/// Allocations in which one message reaches everybody, on average.
fn allocations_of_a_message(members: usize) -> f64 {
    const MESSAGES: u64 = 200;
    let mut crowd = Crowd::new(members);
    let message = masked(br#"{"type":"message","content":"hello, all of you"}"#);
    crowd.0[0].transport.input.reserve(message.len());
    crowd.take_written();
    let used = allocation_counter::measure(|| {
        for _ in 0..MESSAGES {
            crowd.0[0].transport.input.extend_from_slice(&message);
            crowd.settle();
        }
    });
    let written = crowd.take_written();
    assert!(written[0] > 100 * MESSAGES as usize);
    assert!(written.iter().all(|bytes| *bytes == written[0]), "everybody has got all of it");
    used.count_total as f64 / MESSAGES as f64
}

#[tokio::test(start_paused = true)]
async fn a_message_takes_a_few_allocations_and_its_deliveries_none() {
    let (few, many) = (allocations_of_a_message(2), allocations_of_a_message(200));
    assert!(few < 3.0, "{few} for two members");
    assert!(many <= few, "{few} for two members, {many} for 200");
}
