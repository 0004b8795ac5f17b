//! Gzip taken off a file, and whether its first bytes say that it is gzip or a zip archive.

use std::borrow::Cow;
use std::io::Read as _;

use flate2::read::MultiGzDecoder;

use crate::export::damage_kinds::{Damage, Shown};
use crate::export::damage_places::FaultPlace;

/// The bytes without gzip, if they are compressed with it: by content, whatever the file is called. Several members one
/// after another are one file, as gzip has it.
///
/// # Errors
/// If it is damaged or cut off, or holds more than `max` bytes.
pub(in crate::export) fn unpacked(bytes: &[u8], max: u64) -> Result<Cow<'_, [u8]>, (FaultPlace, Damage)> {
    if !is_gzip(bytes) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut plain = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(max.saturating_add(1)).read_to_end(&mut plain);
    match read {
        Err(error) => Err((FaultPlace::NOWHERE, Damage::Gzip { why: Shown::of(&error.to_string()) })),
        Ok(_) if u64::try_from(plain.len()).is_ok_and(|length| length <= max) => Ok(Cow::Owned(plain)),
        Ok(_) => Err((FaultPlace::NOWHERE, Damage::GzipTooBig { max })),
    }
}

pub(in crate::export) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("into memory");
        encoder.finish().expect("into memory")
    }

    #[test]
    fn gzip_comes_off_by_content_in_any_number_of_members() {
        let members = [packed(b"a,b\n"), packed(b"c,d\n")].concat();
        assert_eq!(unpacked(&members, 8).expect("whole").as_ref(), b"a,b\nc,d\n");
        assert_eq!(unpacked(b"a,b\n", 1).expect("plain").as_ref(), b"a,b\n");
    }

    #[test]
    fn a_bomb_a_cut_and_a_flipped_bit_are_refused() {
        let bomb = packed(&vec![0; 1 << 20]);
        assert_eq!(unpacked(&bomb, 1000).expect_err("a bomb").1, Damage::GzipTooBig { max: 1000 });
        let whole = packed(b"Account,Product,Quantity\nAcme,EDR,15\n");
        for cut in 2..whole.len() {
            assert!(matches!(unpacked(&whole[..cut], 1000), Err((_, Damage::Gzip { .. }))), "{cut}");
        }
        let mut flipped = whole.clone();
        *flipped.last_mut().expect("bytes") ^= 1;
        assert!(matches!(unpacked(&flipped, 1000), Err((_, Damage::Gzip { .. }))));
        let trailing = [whole, b"junk".to_vec()].concat();
        assert!(matches!(unpacked(&trailing, 1000), Err((_, Damage::Gzip { .. }))));
    }
}
