//! CPU time and memory of a process on this machine, from Linux's `/proc`.

use std::fs;
use std::io;
use std::time::Duration;

/// Clock ticks a second, in which `/proc` counts: `USER_HZ`, 100 on Linux
/// whatever the kernel itself counts in.
const TICKS_PER_SECOND: u64 = 100;

/// A process, named as `/proc` names it.
#[derive(Clone, Debug)]
pub(super) struct Process(String);

impl Process {
    /// The process with this number.
    pub(super) fn new(pid: u32) -> Process {
        Process(pid.to_string())
    }

    /// This program.
    pub(super) fn this() -> Process {
        Process("self".to_owned())
    }

    /// The CPU time that its threads have used, in user code and in the kernel.
    pub(super) fn cpu(&self) -> io::Result<Duration> {
        let stat = self.read("stat")?;
        let ticks = cpu_ticks(&stat).ok_or(io::ErrorKind::InvalidData)?;
        Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
    }

    /// The bytes of its memory that are resident.
    pub(super) fn resident(&self) -> io::Result<u64> {
        // `status` is brought up to date now and then, the other one counts;
        // but it shows another user's process to the administrator only.
        let text = self.read("smaps_rollup").or_else(|_| self.read("status"))?;
        resident_bytes(&text).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn read(&self, file: &str) -> io::Result<String> {
        fs::read_to_string(format!("/proc/{}/{file}", self.0))
    }
}

/// `utime` and `stime`, the 14th and 15th field of `stat` (proc_pid_stat(5)).
fn cpu_ticks(stat: &str) -> Option<u64> {
    // The second is the program's name, in which anything may stand.
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut fields = behind_name.split_ascii_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    user.checked_add(system)
}

/// The line `Rss:` of `smaps_rollup` or `VmRSS:` of `status`, which count in KiB.
fn resident_bytes(text: &str) -> Option<u64> {
    let value = |line: &'_ str| {
        let rest = line.strip_prefix("VmRSS:").or_else(|| line.strip_prefix("Rss:"))?;
        rest.split_ascii_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
    };
    text.lines().find_map(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_stands_behind_a_name_with_anything_in_it() {
        let stat = "1 (a) b (c) S 0 1 1 0 -1 4194560 9 9 9 9 123 45 6 7 20 0 1 0 9 9 9";
        assert_eq!(cpu_ticks(stat), Some(168));
        assert_eq!(cpu_ticks("1 (a) S 0"), None);
    }

    #[test]
    fn resident_memory_is_found_in_either_file() {
        assert_eq!(resident_bytes("Name:\tx\nVmHWM:\t  9 kB\nVmRSS:\t  5 kB\n"), Some(5120));
        assert_eq!(resident_bytes("0-1 ---p [rollup]\nRss:   7 kB\nPss:  1 kB\n"), Some(7168));
        assert_eq!(resident_bytes("Name:\tx\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_that_works_has_both_and_one_that_is_not_there_has_neither() {
        let this = Process::this();
        let before = this.cpu().unwrap();
        while this.cpu().unwrap() == before {}
        assert!(this.resident().unwrap() > 100_000);
        assert!(Process::new(u32::MAX).cpu().is_err());
    }
}
