//! Where cells end, found for sixty-four bytes at once.

/// Bytes of a block.
const BLOCK: usize = 64;

/// The places of a few ends in a text.
///
/// Cells are short: one search for each cell would take longer to begin than to find. This one looks at whole blocks and
/// keeps what it has seen.
#[derive(Debug)]
pub(in crate::export) struct Ends {
    ends: [u8; 3],
    /// Where the block begins.
    block: usize,
    /// A bit for each end in it that was not passed yet.
    seen: u64,
}

impl Ends {
    pub(in crate::export) fn new(ends: [u8; 3]) -> Self {
        Self { ends, block: usize::MAX, seen: 0 }
    }

    /// The first end at or behind a place, or the end of the text. Places come in the text's order.
    pub(in crate::export) fn next_from(&mut self, bytes: &[u8], from: usize) -> usize {
        let block = from / BLOCK * BLOCK;
        if block != self.block {
            (self.block, self.seen) = (block, self.look(bytes, block));
        }
        self.seen &= u64::MAX << (from % BLOCK);
        while self.seen == 0 {
            self.block += BLOCK;
            if self.block >= bytes.len() {
                return bytes.len();
            }
            self.seen = self.look(bytes, self.block);
        }
        let bit = self.seen.trailing_zeros();
        self.block + usize::try_from(bit).unwrap_or_default()
    }

    fn look(&self, bytes: &[u8], block: usize) -> u64 {
        let rest = bytes.get(block..).unwrap_or_default();
        match rest.first_chunk::<BLOCK>() {
            Some(block) => self.bits(block),
            None => {
                let mut block = [0; BLOCK];
                block[..rest.len()].copy_from_slice(rest);
                // What stands behind the text is no end of any cell, even where a zero would be one.
                self.bits(&block) & !(u64::MAX << rest.len())
            }
        }
    }

    /// Written so that the compiler compares many bytes at once.
    fn bits(&self, block: &[u8; BLOCK]) -> u64 {
        let [one, two, three] = self.ends;
        let is_end = block.map(|byte| u8::from((byte == one) | (byte == two) | (byte == three)));
        let (eights, _) = is_end.as_chunks::<8>();
        // The product moves the lowest bit of each of eight bytes into its highest byte, the first byte's lowest.
        let packed = eights.iter().map(|eight| u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56);
        packed.zip((0..).step_by(8)).fold(0, |bits, (packed, at)| bits | packed << at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        /// An end that is passed over would make one cell of two, and bill the wrong column.
        #[test]
        fn no_end_is_passed_over_and_none_is_made_up(
            bytes in proptest::collection::vec(proptest::sample::select(&b",\n\r\"a\0\xff"[..]), 0..300),
            jumps in proptest::collection::vec(0_usize..150, 1..20),
            delimiter in proptest::sample::select(&b",\0\xff"[..]),
        ) {
            let all = [delimiter, b'\n', b'\r'];
            let mut ends = Ends::new(all);
            let mut from = 0;
            for jump in jumps {
                let found = ends.next_from(&bytes, from);
                let rest = bytes.get(from..).unwrap_or_default();
                let naive = rest.iter().position(|byte| all.contains(byte)).map_or(bytes.len(), |at| from + at);
                proptest::prop_assert_eq!(found, naive, "from {}", from);
                from = (found + jump).min(bytes.len());
            }
        }
    }
}
