//! Pictures come out upright, no larger than needed, and with nothing beside what can be seen.

use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use wolo_providers::cleaning::{Clean, Encoding, LONGEST_SIDE, NotCleaned, Refusal};

use super::documents::{CANARY, chunk, encoded, noted_jpeg, two_colours};
use super::{Test, clean};

pub(crate) const TESTS: &[Test] = &[
    ("a_jpeg_comes_out_upright_and_without_what_was_noted_in_it", jpeg),
    ("a_png_keeps_what_is_transparent_and_loses_its_texts", png),
    ("a_picture_that_is_longer_than_needed_is_made_smaller", smaller),
    ("grey_stays_grey", grey),
    ("what_is_no_document_is_refused_in_words", refused),
];

fn seen(clean: &Clean, format: ImageFormat) -> DynamicImage {
    assert!(!clean.bytes.windows(CANARY.len()).any(|part| part == CANARY), "the canary has come through");
    image::load_from_memory_with_format(&clean.bytes, format).unwrap()
}

fn is_red(picture: &DynamicImage, x: u32, y: u32) -> bool {
    let [red, _, blue] = picture.to_rgb8().get_pixel(x, y).0;
    red > blue
}

fn jpeg() {
    // How the four corners look when it is held as the note says.
    for (orientation, size, corners) in [
        (1, (80, 40), [true, false, true, false]),
        (3, (80, 40), [false, true, false, true]),
        (6, (40, 80), [true, true, false, false]),
        (8, (40, 80), [false, false, true, true]),
    ] {
        let upload = noted_jpeg(&two_colours(80, 40), orientation);
        let clean = clean(&upload).unwrap();
        assert_eq!((clean.encoding, clean.pages), (Encoding::Jpeg, 1));
        let picture = seen(&clean, ImageFormat::Jpeg);
        assert_eq!((picture.width(), picture.height()), size, "orientation {orientation}");
        let (right, bottom) = (size.0 - 5, size.1 - 5);
        let found = [(4, 4), (right, 4), (4, bottom), (right, bottom)].map(|(x, y)| is_red(&picture, x, y));
        assert_eq!(found, corners, "orientation {orientation}");
        assert!(!clean.bytes.windows(4).any(|part| part == b"Exif"));
    }
}

fn png() {
    let picture: DynamicImage = RgbaImage::from_pixel(30, 20, Rgba([10, 200, 10, 128])).into();
    let mut upload = encoded(&picture, ImageFormat::Png);
    let text = chunk(b"tEXt", &[b"Comment\0", CANARY].concat());
    upload.splice(33..33, text);
    upload.extend(CANARY);
    let clean = clean(&upload).unwrap();
    assert_eq!((clean.encoding, clean.pages), (Encoding::Png, 1));
    let picture = seen(&clean, ImageFormat::Png);
    assert_eq!(picture.to_rgba8().get_pixel(5, 5).0, [10, 200, 10, 128]);
}

fn smaller() {
    for (size, expected) in
        [((6_000, 1_000), (3_000, 500)), ((500, 4_000), (375, 3_000)), ((3_000, 3_000), (3_000, 3_000))]
    {
        let clean = clean(&encoded(&two_colours(size.0, size.1), ImageFormat::Jpeg)).unwrap();
        let picture = seen(&clean, ImageFormat::Jpeg);
        assert_eq!((picture.width(), picture.height()), expected);
        assert!(picture.width().max(picture.height()) <= LONGEST_SIDE);
        assert!(is_red(&picture, 5, 5) && !is_red(&picture, expected.0 - 5, 5));
    }
}

fn grey() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png] {
        let clean = clean(&encoded(&two_colours(64, 64).to_luma16().into(), ImageFormat::Png)).unwrap();
        assert_eq!(seen(&clean, ImageFormat::Png).color(), image::ColorType::L8);
        let _ = format;
    }
    let clean = clean(&encoded(&two_colours(64, 64).to_luma8().into(), ImageFormat::Jpeg)).unwrap();
    assert_eq!(seen(&clean, ImageFormat::Jpeg).color(), image::ColorType::L8);
}

fn refused() {
    let picture = encoded(&two_colours(8, 8), ImageFormat::Jpeg);
    let archive = [b"PK\x05\x06".as_slice(), &[0; 18]].concat();
    for (upload, refusal, words) in [
        (b"GIF89a\x01\0\x01\0".to_vec(), Refusal::NotADocument, "it is not a JPEG, a PNG or a PDF"),
        (b"<svg/>".to_vec(), Refusal::NotADocument, "it is not a JPEG, a PNG or a PDF"),
        (
            [picture.as_slice(), &archive].concat(),
            Refusal::TwoThings,
            "it is a picture and another kind of file in one",
        ),
        (vec![0xff; 10 * 1024 * 1024 + 1], Refusal::TooLarge, "it is larger than 10 MB"),
    ] {
        let error = clean(&upload).err().unwrap();
        assert_eq!(error, NotCleaned::Refused(refusal));
        assert_eq!(error.to_string(), format!("the document is refused: {words}"));
    }
}
