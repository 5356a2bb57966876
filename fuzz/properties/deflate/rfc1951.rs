//! DEFLATE by the book, bit by bit, to check what is sent against something
//! that is not zlib. It trusts its input: whatever it does not like is a panic.

use std::collections::BTreeMap;

/// Appends what whole blocks inflate to. `text` holds what came before, to which
/// the data may refer, but no further back than `window` bytes.
pub(super) fn inflate(data: &[u8], window: usize, text: &mut Vec<u8>) {
    let mut bits = Bits { data, taken: 0 };
    while !bits.is_empty() {
        assert_eq!(bits.take(1), 0, "a last block, though more will come");
        match bits.take(2) {
            0 => stored(&mut bits, text),
            1 => {
                let (lengths, distances) = fixed_codes();
                compressed(&mut bits, &lengths, &distances, window, text);
            }
            2 => {
                let (lengths, distances) = dynamic_codes(&mut bits);
                compressed(&mut bits, &lengths, &distances, window, text);
            }
            _ => panic!("a reserved type of block"),
        }
    }
}

struct Bits<'d> {
    data: &'d [u8],
    taken: usize,
}

impl Bits<'_> {
    /// A number of that many bits, the least significant first (§3.1.1).
    fn take(&mut self, count: usize) -> usize {
        (0..count).map(|place| self.next() << place).sum()
    }

    fn next(&mut self) -> usize {
        let byte = self.data[self.taken / 8];
        let bit = byte >> (self.taken % 8) & 1;
        self.taken += 1;
        bit.into()
    }

    fn align(&mut self) {
        self.taken = self.taken.next_multiple_of(8);
    }

    fn is_empty(&self) -> bool {
        self.taken == 8 * self.data.len()
    }
}

/// §3.2.4.
fn stored(bits: &mut Bits<'_>, text: &mut Vec<u8>) {
    bits.align();
    let len = bits.take(16);
    assert_eq!(bits.take(16), !len & 0xFFFF);
    text.extend((0..len).map(|_| bits.take(8) as u8));
}

/// §3.2.3 and §3.2.5.
fn compressed(
    bits: &mut Bits<'_>,
    lengths: &Code,
    distances: &Code,
    window: usize,
    text: &mut Vec<u8>,
) {
    loop {
        let symbol = lengths.read(bits);
        match symbol {
            0..256 => text.push(symbol as u8),
            256 => return,
            _ => {
                let len = length(symbol - 257, bits);
                let symbol = distances.read(bits);
                let distance = distance(symbol, bits);
                assert!(distance <= window, "{distance} bytes back, of {window}");
                for _ in 0..len {
                    text.push(text[text.len() - distance]);
                }
            }
        }
    }
}

/// §3.2.5: from 3 on, in groups of four symbols with one extra bit more each.
fn length(symbol: usize, bits: &mut Bits<'_>) -> usize {
    match symbol {
        0..8 => 3 + symbol,
        8..28 => {
            let extra = symbol / 4 - 1;
            3 + ((4 + symbol % 4) << extra) + bits.take(extra)
        }
        _ => 258,
    }
}

/// §3.2.5: from 1 on, in groups of two symbols with one extra bit more each.
fn distance(symbol: usize, bits: &mut Bits<'_>) -> usize {
    match symbol {
        0..4 => 1 + symbol,
        _ => {
            let extra = symbol / 2 - 1;
            1 + ((2 + symbol % 2) << extra) + bits.take(extra)
        }
    }
}

/// The symbol of each code, under its length and its bits.
struct Code(BTreeMap<(usize, usize), usize>);

impl Code {
    /// §3.2.2: shorter codes come first, and those of one length in the order of their symbols.
    fn new(lengths: &[usize]) -> Code {
        let mut symbols = BTreeMap::new();
        let mut next = 0;
        for length in 1..=15 {
            next <<= 1;
            for (symbol, _) in lengths.iter().enumerate().filter(|(_, its)| **its == length) {
                symbols.insert((length, next), symbol);
                next += 1;
            }
        }
        Code(symbols)
    }

    fn read(&self, bits: &mut Bits<'_>) -> usize {
        let mut code = 0;
        for length in 1..=15 {
            code = code << 1 | bits.next();
            if let Some(symbol) = self.0.get(&(length, code)) {
                return *symbol;
            }
        }
        panic!("no such code");
    }
}

/// §3.2.6.
fn fixed_codes() -> (Code, Code) {
    let lengths = [[8; 144].as_slice(), &[9; 112], &[7; 24], &[8; 8]].concat();
    (Code::new(&lengths), Code::new(&[5; 30]))
}

/// §3.2.7.
fn dynamic_codes(bits: &mut Bits<'_>) -> (Code, Code) {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let literals = 257 + bits.take(5);
    let distances = 1 + bits.take(5);
    let mut code_lengths = [0; 19];
    let count = 4 + bits.take(4);
    for symbol in &ORDER[..count] {
        code_lengths[*symbol] = bits.take(3);
    }
    let code = Code::new(&code_lengths);
    let mut lengths = Vec::new();
    while lengths.len() < literals + distances {
        let (length, times) = match code.read(bits) {
            16 => (lengths[lengths.len() - 1], 3 + bits.take(2)),
            17 => (0, 3 + bits.take(3)),
            18 => (0, 11 + bits.take(7)),
            length => (length, 1),
        };
        lengths.resize(lengths.len() + times, length);
    }
    let (literals, distances) = lengths.split_at(literals);
    (Code::new(literals), Code::new(distances))
}
