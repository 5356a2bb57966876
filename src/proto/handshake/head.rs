//! Finding the end of an HTTP head in bytes that arrive in any pieces
//! (RFC 9112 §2).

use super::error::HeadError;

/// The longest head in bytes, its blank line included: 8 KiB. A longer one is
/// refused as soon as this many bytes came without an end.
pub const MAX_HEAD: usize = 8 << 10;

/// A complete HTTP head, from the first line to the blank one.
///
/// One that exists is at most [`MAX_HEAD`] bytes, ends at its only blank line,
/// and has no NUL, no bare CR and no bare LF in it: nothing that two readers
/// could cut into lines in two ways.
///
/// ```
/// use wirechat::proto::handshake::Head;
///
/// let (head, early) = Head::split(b"GET / HTTP/1.1\r\n\r\nfirst frame")?.unwrap();
/// assert_eq!(head.as_bytes(), b"GET / HTTP/1.1\r\n\r\n");
/// assert_eq!(early, b"first frame");
/// # Ok::<(), wirechat::proto::handshake::HeadError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Head<'h>(&'h [u8]);

impl<'h> Head<'h> {
    /// Splits bytes into a head and what came behind it, without a copy; `None`
    /// if the head is not complete yet.
    ///
    /// For a head that arrived as a whole, which is the common case. If it did
    /// not, go on with a [`HeadReader`]: calling this again and again would look
    /// at the first bytes again and again.
    ///
    /// # Errors
    /// As for [`HeadReader::push`].
    pub fn split(bytes: &'h [u8]) -> Result<Option<(Head<'h>, &'h [u8])>, HeadError> {
        let end = Scan::default().find_end(bytes)?;
        Ok(end.map(|end| {
            let (head, early) = bytes.split_at(end);
            (Head(head), early)
        }))
    }

    /// The bytes, blank line included.
    #[must_use]
    pub const fn as_bytes(self) -> &'h [u8] {
        self.0
    }
}

/// Collects a head from pieces of any size. It holds at most [`MAX_HEAD`] bytes
/// and looks at each byte once.
///
/// ```
/// use wirechat::proto::handshake::HeadReader;
///
/// let mut reader = HeadReader::new();
/// assert_eq!(reader.push(b"GET / HTTP/1.1\r\n\r")?, None);
/// assert!(reader.head().is_none());
///
/// let piece = b"\nfirst frame";
/// let end = reader.push(piece)?.unwrap();
/// assert_eq!(reader.head().unwrap().as_bytes(), b"GET / HTTP/1.1\r\n\r\n");
/// assert_eq!(&piece[end..], b"first frame");
/// # Ok::<(), wirechat::proto::handshake::HeadError>(())
/// ```
#[derive(Debug, Default)]
pub struct HeadReader {
    collected: Vec<u8>,
    scan: Scan,
}

impl HeadReader {
    /// A reader that has seen nothing and allocated nothing.
    #[must_use]
    pub fn new() -> HeadReader {
        HeadReader::default()
    }

    /// Takes the next bytes. `Some(n)` means that the head is complete and that
    /// it ends `n` bytes into *this* piece; the bytes from there on are not part
    /// of it and were not kept. `None` means that the whole piece was kept and
    /// more must come.
    ///
    /// # Errors
    /// [`HeadError::TooLong`] after [`MAX_HEAD`] bytes without an end;
    /// [`HeadError::Nul`], [`HeadError::BareCr`] and [`HeadError::BareLf`] at the
    /// first such byte. The reader then gives the same error for ever.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Option<usize>, HeadError> {
        let end = self.scan.find_end(bytes)?;
        self.collected.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
        Ok(end)
    }

    /// The head, once it is complete.
    #[must_use]
    pub fn head(&self) -> Option<Head<'_>> {
        (self.scan.place == Place::End).then_some(Head(&self.collected))
    }
}

/// The search for the blank line, which goes on where the last piece ended.
#[derive(Debug, Default)]
struct Scan {
    place: Place,
    /// Bytes looked at so far, at most [`MAX_HEAD`].
    looked_at: usize,
}

impl Scan {
    fn find_end(&mut self, bytes: &[u8]) -> Result<Option<usize>, HeadError> {
        match self.place {
            Place::End => return Ok(Some(0)),
            Place::Refused(error) => return Err(error),
            _ => {}
        }
        for (index, byte) in bytes.iter().enumerate() {
            self.looked_at += 1;
            self.place = self.place.after(*byte);
            if self.looked_at == MAX_HEAD && self.place.is_open() {
                self.place = Place::Refused(HeadError::TooLong);
            }
            match self.place {
                Place::End => return Ok(Some(index + 1)),
                Place::Refused(error) => return Err(error),
                _ => {}
            }
        }
        Ok(None)
    }
}

/// Where in a head the scan stands. A head ends with CR LF CR LF.
///
/// ```text
///            CR            LF                CR              LF
///   InLine ─────▶ LineCr ─────▶ LineStart ─────▶ BlankCr ─────▶ End
///      ▲                            │
///      └────────── any other ───────┘     anything out of step: Refused
/// ```
///
/// It begins in a line, not before one, so that one empty line before a request
/// is let pass (RFC 9112 §2.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    InLine,
    LineCr,
    LineStart,
    BlankCr,
    End,
    Refused(HeadError),
}

impl Place {
    /// RFC 9112 §2.2: a lone LF may be taken for a line's end and a lone CR for
    /// a space, but a proxy in front may have read them otherwise, so neither
    /// is let in.
    const fn after(self, byte: u8) -> Place {
        match (self, byte) {
            (_, 0) => Place::Refused(HeadError::Nul),
            (Place::LineCr, b'\n') => Place::LineStart,
            (Place::BlankCr, b'\n') => Place::End,
            (Place::LineCr | Place::BlankCr, _) => Place::Refused(HeadError::BareCr),
            (_, b'\n') => Place::Refused(HeadError::BareLf),
            (Place::LineStart, b'\r') => Place::BlankCr,
            (_, b'\r') => Place::LineCr,
            _ => Place::InLine,
        }
    }

    const fn is_open(self) -> bool {
        !matches!(self, Place::End | Place::Refused(_))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The head and the bytes behind it; `None` if it did not end.
    type Outcome = Result<Option<(Vec<u8>, Vec<u8>)>, HeadError>;

    fn read_pieces<'p>(pieces: impl IntoIterator<Item = &'p [u8]>) -> Outcome {
        let mut reader = HeadReader::new();
        let mut early = Vec::new();
        for piece in pieces {
            if let Some(end) = reader.push(piece)? {
                early.extend_from_slice(&piece[end..]);
            }
        }
        Ok(reader.head().map(|head| (head.as_bytes().to_vec(), early)))
    }

    fn read_whole(bytes: &[u8]) -> Outcome {
        let split = Head::split(bytes)?;
        Ok(split.map(|(head, early)| (head.as_bytes().to_vec(), early.to_vec())))
    }

    #[test]
    fn bytes_behind_the_head_stay_with_the_caller() {
        let bytes = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\x81\x80GET / HTTP/1.1\r\n\r\n";
        let (head, early) = Head::split(bytes).unwrap().unwrap();
        assert_eq!(head.as_bytes(), b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(early, b"\x81\x80GET / HTTP/1.1\r\n\r\n");
    }

    #[test]
    fn a_reader_that_has_its_head_takes_nothing_more() {
        let mut reader = HeadReader::new();
        assert_eq!(reader.push(b"a\r\n\r\nb"), Ok(Some(5)));
        assert_eq!(reader.push(b"\0c"), Ok(Some(0)));
        assert_eq!(reader.head().unwrap().as_bytes(), b"a\r\n\r\n");
    }

    #[test]
    fn rfc_9112_2_2_nul_bare_cr_and_bare_lf_are_refused_at_once() {
        for (bytes, error) in [
            (&b"GET\0"[..], HeadError::Nul),
            (b"a: b\r\0", HeadError::Nul),
            (b"a: b\n", HeadError::BareLf),
            (b"\n", HeadError::BareLf),
            (b"a: b\r\n\n", HeadError::BareLf),
            (b"a: b\rc", HeadError::BareCr),
            (b"a: b\r\r", HeadError::BareCr),
            (b"a: b\r\n\rc", HeadError::BareCr),
        ] {
            assert_eq!(Head::split(bytes).unwrap_err(), error, "{bytes:?}");
            let before_it = &bytes[..bytes.len() - 1];
            assert!(Head::split(before_it).unwrap().is_none(), "{bytes:?}");
        }
    }

    #[test]
    fn a_refusal_is_final() {
        let mut reader = HeadReader::new();
        assert_eq!(reader.push(b"a\n"), Err(HeadError::BareLf));
        assert_eq!(reader.push(b"\r\n\r\n"), Err(HeadError::BareLf));
        assert!(reader.head().is_none());
    }

    #[test]
    fn a_head_may_be_as_long_as_the_limit_and_no_longer() {
        let fitting = [&vec![b'a'; MAX_HEAD - 4][..], b"\r\n\r\n"].concat();
        assert_eq!(Head::split(&fitting).unwrap().unwrap().0.as_bytes(), fitting);

        let mut reader = HeadReader::new();
        assert_eq!(reader.push(&[b'a'; MAX_HEAD - 1]), Ok(None));
        assert_eq!(reader.push(b"a"), Err(HeadError::TooLong));
    }

    /// CVE-2023-43669: the head was parsed from its beginning at every read.
    // Proves fault-1.
    #[test]
    fn a_byte_is_looked_at_once_however_the_head_arrives() {
        let head = [&vec![b'a'; 5000][..], b"\r\n\r\n"].concat();
        for size in [1, 7, 120, 6000] {
            let mut reader = HeadReader::new();
            for piece in head.chunks(size) {
                reader.push(piece).unwrap();
            }
            assert!(reader.head().is_some());
            assert_eq!(reader.scan.looked_at, head.len());
        }
    }

    #[test]
    fn an_endless_head_in_small_pieces_is_refused_at_the_limit_and_not_kept() {
        let endless = vec![b'a'; 256 << 10];
        let mut reader = HeadReader::new();
        let refused = endless.chunks(120).position(|piece| reader.push(piece).is_err());
        assert_eq!(refused, Some(MAX_HEAD / 120));
        assert_eq!(reader.scan.looked_at, MAX_HEAD);
        assert!(reader.collected.len() <= MAX_HEAD);
    }

    /// Bytes that often begin, break and end lines.
    fn line_soup() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            8 => Just(&b"Host: a"[..]),
            8 => Just(&b"\r\n"[..]),
            2 => Just(&b"\r\n\r\n"[..]),
            1 => Just(&b"\r"[..]),
            1 => Just(&b"\n"[..]),
            1 => Just(&b"\0"[..]),
            1 => Just(&[b'x'; 5000][..]),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn where_the_bytes_are_cut_changes_nothing(
            bytes in line_soup(),
            cuts in prop::collection::vec(1_usize..40, 1..8),
        ) {
            let mut rest = &bytes[..];
            let pieces: Vec<&[u8]> = cuts.iter().cycle().map_while(|cut| {
                let (piece, behind) = rest.split_at_checked(*cut).unwrap_or((rest, &[]));
                rest = behind;
                (!piece.is_empty()).then_some(piece)
            }).collect();
            prop_assert_eq!(read_pieces(pieces), read_whole(&bytes));
        }

        #[test]
        fn a_head_is_what_stands_before_the_first_blank_line(bytes in line_soup()) {
            if let Ok(Some((head, _))) = Head::split(&bytes) {
                let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
                prop_assert_eq!(head.as_bytes(), &bytes[..end]);
                prop_assert!(end <= MAX_HEAD);
            }
        }
    }
}
