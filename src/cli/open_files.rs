//! How many connections the system lets a program have: each is an open file.

/// Raises the limit as far as this user may; how many files may then be open,
/// if there is a limit.
///
/// The usual limit of 1024 is there for programs that use `select`.
#[cfg(unix)]
pub(super) fn raise_limit() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::debug!(%error, "the limit of open files stays as it was");
            limit.current
        }
    }
}

/// There is no such limit.
#[cfg(not(unix))]
pub(super) fn raise_limit() -> Option<u64> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::process::{Resource, getrlimit};

    use super::*;

    #[test]
    fn afterwards_the_limit_is_what_was_said() {
        let said = raise_limit();
        assert_eq!(getrlimit(Resource::Nofile).current, said);
        assert_eq!(said, getrlimit(Resource::Nofile).maximum);
    }
}
