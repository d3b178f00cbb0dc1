//! PDFs come out as a picture of their pages.

use image::ImageFormat;
use wolo_providers::cleaning::{Encoding, NotCleaned, Refusal};

use super::documents::{CANARY, pdf};
use super::{Test, clean};

pub(crate) const TESTS: &[Test] = &[
    ("the_pages_of_a_pdf_are_drawn_one_below_the_other", drawn),
    ("a_pdf_of_more_pages_than_a_document_has_is_refused", too_many),
    ("a_pdf_with_a_password_is_refused", protected),
    ("a_pdf_that_is_none_inside_is_refused", damaged),
];

fn drawn() {
    for pages in [1, 2, 4] {
        let clean = clean(&pdf(pages, 300, 400, "")).unwrap();
        assert_eq!((clean.encoding, usize::from(clean.pages)), (Encoding::Jpeg, pages));
        for hidden in [CANARY, b"JavaScript", b"%PDF"] {
            assert!(!clean.bytes.windows(hidden.len()).any(|part| part == hidden));
        }
        let picture =
            image::load_from_memory_with_format(&clean.bytes, ImageFormat::Jpeg).unwrap().to_luma8();
        // 300 dots an inch.
        let page = 400 * 300 / 72;
        let near = |one: u32, other: u32| one.abs_diff(other) <= 4;
        assert!(near(picture.width(), 1250) && near(picture.height(), u32::try_from(pages).unwrap() * page));
        for number in 0..u32::try_from(pages).unwrap() {
            // The square at the foot of the page, the text above it, and nothing beside them.
            let foot = (number + 1) * page;
            assert!(picture.get_pixel(145, foot - 145).0[0] < 50, "page {number} has no square");
            assert!(picture.get_pixel(600, foot - 145).0[0] > 200, "page {number} is not white");
            let text = (85..400).flat_map(|x| (420..500).map(move |up| (x, foot - up)));
            let ink = text.filter(|(x, y)| picture.get_pixel(*x, *y).0[0] < 100).count();
            assert!(ink > 200, "page {number} has no text: {ink} dark pixels");
        }
    }
}

fn too_many() {
    assert_eq!(clean(&pdf(5, 300, 400, "")).err(), Some(NotCleaned::Refused(Refusal::TooManyPages)));
}

fn protected() {
    let zeros = "00".repeat(32);
    let ids = "/ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>]";
    let encrypt = format!("/Encrypt << /Filter /Standard /V 1 /R 2 /O <{zeros}> /U <{zeros}> /P -4 >> {ids}");
    assert_eq!(
        clean(&pdf(1, 300, 400, &encrypt)).err(),
        Some(NotCleaned::Refused(Refusal::PasswordProtected))
    );
}

fn damaged() {
    for upload in [b"%PDF-1.7\n".to_vec(), b"%PDF-1.7\nnothing at all".to_vec(), pdf(0, 300, 400, "")] {
        assert_eq!(clean(&upload).err(), Some(NotCleaned::Refused(Refusal::Damaged)));
    }
}
