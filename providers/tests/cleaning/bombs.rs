//! What is made to hurt hurts a process that nobody misses.

use image::ImageFormat;
use wolo_providers::cleaning::{NotCleaned, Refusal};

use super::documents::{chunk, encoded, pdf, pdf_of, png_head, stream, two_colours};
use super::{Test, clean};

pub(crate) const TESTS: &[Test] = &[
    ("a_small_file_that_says_it_has_gigantic_dimensions_is_refused", gigantic),
    ("a_picture_of_fifty_million_pixels_is_cleaned_within_the_limits", largest),
    ("a_pdf_whose_pages_or_pictures_are_gigantic_is_refused", gigantic_pages),
    ("a_pdf_that_goes_in_circles_ends", circles),
    ("documents_that_are_cut_or_changed_are_cleaned_or_refused_and_break_nothing", changed),
];

fn refusal(upload: &[u8]) -> Option<Refusal> {
    match clean(upload) {
        Ok(_) => None,
        Err(NotCleaned::Refused(refusal)) => Some(refusal),
        Err(other) => panic!("{other:?}"),
    }
}

fn gigantic() {
    for (width, height) in
        [(60_000, 60_000), (7_100, 7_100), (u32::MAX >> 1, 1), (u32::MAX >> 1, u32::MAX >> 1)]
    {
        let upload = [png_head(width, height), chunk(b"IDAT", b"\x78\x9c"), chunk(b"IEND", b"")].concat();
        let refused = refusal(&upload);
        assert!(
            matches!(refused, Some(Refusal::TooManyPixels | Refusal::Damaged)),
            "{width}x{height}: {refused:?}"
        );
    }
    // The frame's header of a JPEG, where its height and width stand.
    let mut jpeg = encoded(&two_colours(64, 64), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|part| part == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xfe, 0xff, 0xfe]);
    assert_eq!(refusal(&jpeg), Some(Refusal::TooManyPixels));
}

fn largest() {
    let all = two_colours(7_000, 7_000);
    for (format, picture) in [(ImageFormat::Jpeg, all.clone()), (ImageFormat::Png, all.to_rgba8().into())] {
        let upload = encoded(&picture, format);
        assert!(upload.len() < 10 * 1024 * 1024);
        assert_eq!(refusal(&upload), None);
    }
}

fn gigantic_pages() {
    for (width, height) in [(1_000_000_000, 1_000_000_000), (1, 1_000_000)] {
        let refused = refusal(&pdf(1, width, height, ""));
        let square = width == height && width > 0;
        assert!(refused.is_some() || square, "{width}x{height}: {refused:?}");
    }
    // One bit a pixel, 60,000 a side: 450 megabytes as it is, and 10,800 as colours.
    let pixels = deflated_zeros(60_000 * 7_500);
    let picture = "/Type /XObject /Subtype /Image /Width 60000 /Height 60000 /BitsPerComponent 1 \
                   /ColorSpace /DeviceGray /Filter /FlateDecode";
    let objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 400] /Contents 4 0 R \
          /Resources << /XObject << /I 5 0 R >> >> >>"
            .to_vec(),
        stream("", b"300 0 0 400 0 0 cm /I Do"),
        stream(picture, &pixels),
    ];
    let upload = pdf_of(&objects, "");
    assert!(upload.len() < 10 * 1024 * 1024);
    let refused = refusal(&upload);
    assert!(refused.is_some(), "a picture of 60,000 pixels a side was drawn");
}

/// So many zeros, as `zlib` would write them: blocks that repeat one byte.
fn deflated_zeros(count: usize) -> Vec<u8> {
    // What the encoder of PNG makes of rows of zeros is the same stream, with a byte more a row.
    let side = u32::try_from(count / 7_500).unwrap();
    let rows = image::GrayImage::new(7_499, side);
    let png = encoded(&rows.into(), ImageFormat::Png);
    let mut found = Vec::new();
    let mut rest = &png[8..];
    while rest.len() >= 12 {
        let length = usize::try_from(u32::from_be_bytes(rest[..4].try_into().unwrap())).unwrap();
        if &rest[4..8] == b"IDAT" {
            found.extend_from_slice(&rest[8..8 + length]);
        }
        rest = &rest[12 + length..];
    }
    found
}

fn circles() {
    // A page that is its own parent and child, and a form that draws itself.
    let objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 2 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 400] /Contents 4 0 R \
          /Resources << /XObject << /X 5 0 R >> >> >>"
            .to_vec(),
        stream("", b"/X Do"),
        stream(
            "/Type /XObject /Subtype /Form /BBox [0 0 300 400] /Resources << /XObject << /X 5 0 R >> >>",
            b"/X Do /X Do",
        ),
    ];
    println!("a PDF that goes in circles: {:?}", refusal(&pdf_of(&objects, "")));
}

fn changed() {
    let uploads = [
        encoded(&two_colours(200, 100), ImageFormat::Jpeg),
        encoded(&two_colours(200, 100), ImageFormat::Png),
        pdf(2, 300, 400, ""),
    ];
    let (mut cleaned, mut refused) = (0, 0);
    let mut count = |upload: &[u8]| match refusal(upload) {
        None => cleaned += 1,
        Some(_) => refused += 1,
    };
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for upload in &uploads {
        for part in 1..15 {
            count(&upload[..upload.len() * part / 15]);
        }
        for _ in 0..60 {
            let mut changed = upload.clone();
            for _ in 0..=random(8) {
                let place = random(changed.len());
                changed[place] = u8::try_from(random(256)).unwrap();
            }
            count(&changed);
        }
    }
    println!("{cleaned} changed documents were cleaned, {refused} refused");
    assert!(refused > 40, "{refused}");
}
