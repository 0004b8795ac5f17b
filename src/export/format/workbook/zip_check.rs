//! Whether a zip archive may be opened: whole, and not a bomb.

use std::io;
use std::io::{Cursor, Read as _};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::export::damage_kinds::{Damage, Shown};
use crate::export::damage_places::FaultPlace;
use crate::export::format::zip_archive::files_said;

/// A workbook with hundreds of sheets has fewer parts.
const PARTS_MAX: usize = 4096;
/// A sheet's XML is streamed and never held; a sheet of 64 MiB zipped is rarely more than this many times as long.
const SHEET_TIMES: u64 = 16;

/// Unpacks everything once into nothing, counting: what an archive says about its sizes may be a lie. Sheets are
/// streamed later, so they may be long; all other parts are held in memory, and may not be longer than `max` together.
///
/// # Errors
/// If it is too long, damaged or cut off: every part's check sum is compared.
pub(super) fn check(bytes: &[u8], max: u64) -> Result<(), (FaultPlace, Damage)> {
    let nowhere = |damage| (FaultPlace::NOWHERE, damage);
    let broken = |why: &str| nowhere(Damage::Workbook { why: Shown::of(why) });
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&zip_error_text(&error)))?;
    if files_said(bytes).is_some_and(|said| said != archive.len()) {
        return Err(broken("several of its parts have one name"));
    }
    if archive.len() > PARTS_MAX {
        return Err(broken(&format!("it has {} parts", archive.len())));
    }
    let (mut held, mut streamed) = (max, max.saturating_mul(SHEET_TIMES));
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|error| broken(&zip_error_text(&error)))?;
        let name = part.name().map_err(|error| broken(&zip_error_text(&error)))?.into_owned();
        let left = if name.contains("/worksheets/") { &mut streamed } else { &mut held };
        let length = io::copy(&mut part.take(left.saturating_add(1)), &mut io::sink());
        let length = length.map_err(|error| broken(&format!("{name}: {error}")))?;
        *left = left.checked_sub(length).ok_or_else(|| nowhere(Damage::WorkbookTooBig { max }))?;
    }
    Ok(())
}

fn zip_error_text(error: &ZipError) -> String {
    error.to_string()
}
