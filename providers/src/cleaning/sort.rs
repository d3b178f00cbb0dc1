//! What an upload is, by what is in it. Names and types that people or browsers give are not asked.

use super::{MOST_BYTES, Refusal};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Jpeg,
    Png,
    Pdf,
}

/// Where readers of PDF look for its beginning.
const PDF_BEGINS_WITHIN: usize = 1024;
const PDF: &[u8] = b"%PDF-";
/// What stands at the end of an archive: this, eighteen bytes, and a comment with its length before it.
const ARCHIVE_END: &[u8] = b"PK\x05\x06";
const ARCHIVE_END_BYTES: usize = 22;

/// The sort of an upload, or why it is none. A file that is two things at once is refused, as far as that can be seen: it
/// would come out as one, but whoever makes such a file means no good.
pub(super) fn of(upload: &[u8]) -> Result<Sort, Refusal> {
    if upload.len() > MOST_BYTES {
        return Err(Refusal::TooLarge);
    }
    let sort = match infer::get(upload).map(|found| found.mime_type()) {
        Some("image/jpeg") => Sort::Jpeg,
        Some("image/png") => Sort::Png,
        Some("application/pdf") => Sort::Pdf,
        _ => return Err(Refusal::NotADocument),
    };
    let head = &upload[..upload.len().min(PDF_BEGINS_WITHIN)];
    let pdf_too = sort != Sort::Pdf && head.windows(PDF.len()).any(|part| part == PDF);
    if pdf_too || is_archive(upload) { Err(Refusal::TwoThings) } else { Ok(sort) }
}

/// Archives (and programs and office documents, which are archives) are read from their end.
fn is_archive(upload: &[u8]) -> bool {
    let from = upload.len().saturating_sub(ARCHIVE_END_BYTES + usize::from(u16::MAX));
    let tail = &upload[from..];
    tail.windows(ARCHIVE_END_BYTES).enumerate().any(|(place, end)| {
        let comment = usize::from(u16::from_le_bytes([end[20], end[21]]));
        end.starts_with(ARCHIVE_END) && place + ARCHIVE_END_BYTES + comment == tail.len()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00";
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR";

    #[test]
    fn what_a_file_is_follows_from_its_content() {
        assert_eq!(of(JPEG), Ok(Sort::Jpeg));
        assert_eq!(of(PNG), Ok(Sort::Png));
        assert_eq!(of(b"%PDF-1.7\n"), Ok(Sort::Pdf));
    }

    #[test]
    fn nothing_else_is_a_document() {
        let heic = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1";
        let others: [&[u8]; 8] = [
            b"",
            b"GIF89a",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"PK\x03\x04",
            b"\x7fELF",
            b"RIFF\x00\x00\x00\x00WEBPVP8 ",
            heic,
            b"one line of text",
        ];
        for other in others {
            assert_eq!(of(other), Err(Refusal::NotADocument), "{}", other.escape_ascii());
        }
    }

    #[test]
    fn a_picture_that_is_a_pdf_or_an_archive_too_is_refused() {
        assert_eq!(of(&[JPEG, b"\xff\xfe\x00\x10%PDF-1.4"].concat()), Err(Refusal::TwoThings));
        let archive = |comment: &[u8]| {
            let length = u16::try_from(comment.len()).unwrap().to_le_bytes();
            [ARCHIVE_END, &[0; 16], &length, comment].concat()
        };
        for first in [JPEG, PNG, b"%PDF-1.7\n"] {
            assert_eq!(of(&[first, &archive(b"")].concat()), Err(Refusal::TwoThings));
            assert_eq!(of(&[first, &archive(&vec![b'x'; 60_000])].concat()), Err(Refusal::TwoThings));
            // The same four bytes by chance, in the midst of a picture.
            assert!(of(&[first, &archive(b""), b"more"].concat()).is_ok());
        }
    }

    #[test]
    fn what_is_larger_than_a_document_may_be_is_not_looked_at() {
        let mut large = JPEG.to_vec();
        large.resize(MOST_BYTES, 0);
        assert_eq!(of(&large), Ok(Sort::Jpeg));
        large.push(0);
        assert_eq!(of(&large), Err(Refusal::TooLarge));
    }
}
