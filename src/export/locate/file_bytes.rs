//! A file's bytes in memory.

use std::fs::File;
use std::io::{self, Read as _};
use std::ops::Deref;

use memmap2::MmapMut;

/// What a file held when it was read. It stands in memory of its own, and not in the allocator's: a large file's is given
/// back as soon as it is let go of, and its counts are put in order without it.
#[derive(Debug)]
pub enum FileBytes {
    /// Of a regular file: room for it, and how much of that was filled.
    File(MmapMut, usize),
    /// Of a stream, whose length nobody knows before it ends.
    Stream(Vec<u8>),
}

impl FileBytes {
    /// Everything there is, and one byte more than expected, so that growth is seen.
    ///
    /// # Errors
    /// If the file cannot be read, or there is not that much memory.
    pub(super) fn of_file(file: &mut File, expected: u64) -> io::Result<Self> {
        let room = usize::try_from(expected).ok().and_then(|expected| expected.checked_add(1));
        let mut room = MmapMut::map_anon(room.ok_or(io::ErrorKind::OutOfMemory)?)?;
        let mut filled = 0;
        loop {
            match file.read(&mut room[filled..]) {
                Ok(0) => return Ok(Self::File(room, filled)),
                Ok(more) => filled += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Deref for FileBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::File(room, filled) => &room[..*filled],
            Self::Stream(bytes) => bytes,
        }
    }
}

impl AsRef<[u8]> for FileBytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}
