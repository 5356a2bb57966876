//! What the log says of a connection.

use std::fmt::{Debug, Write as _};
use std::sync::Mutex;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::*;

/// Keeps every event of this thread as a line.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn event(&self, event: &Event<'_>) {
        struct Line<'s>(&'s mut String);
        impl Visit for Line<'_> {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                write!(self.0, "{field}={value:?} ").unwrap();
            }
        }
        let mut lines = self.0.lock().unwrap();
        event.record(&mut Line(&mut lines));
        lines.push('\n');
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

// Proves 6455-7.1.7-4.
#[tokio::test(start_paused = true)]
async fn section_7_1_7_a_broken_rule_stands_in_the_log() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let hall = Hall::new(|_| {});
    let (mut raw, served) = hall.raw(64 << 10);
    raw.write_all(b"\x81\x02hi").await.unwrap();
    raw.shutdown().await.unwrap();
    served.ended().await;
    let lines = log.0.lock().unwrap();
    let ended = lines.lines().find(|line| line.contains("a connection ended")).expect("a line");
    assert!(ended.contains("code=1002 "), "{ended}");
    assert!(ended.contains("a client's frames must be masked"), "{ended}");
}
