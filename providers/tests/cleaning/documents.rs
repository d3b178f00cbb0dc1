//! Documents, made by hand where nobody else would make them so.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// Must not be found in anything that comes out.
pub(crate) const CANARY: &[u8] = b"14.7167,-17.4677";

/// Red on the left, blue on the right.
pub(crate) fn two_colours(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(
        width,
        height,
        |x, _| if x < width / 2 { Rgb([220, 20, 20]) } else { Rgb([20, 20, 220]) },
    )
    .into()
}

pub(crate) fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A JPEG with a comment, and a note of how the telephone was held and where.
pub(crate) fn noted_jpeg(picture: &DynamicImage, orientation: u8) -> Vec<u8> {
    let jpeg = encoded(picture, ImageFormat::Jpeg);
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x02".to_vec();
    // The orientation, as one short number.
    exif.extend([1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    // A description, as text that stands behind the list.
    let length = u8::try_from(CANARY.len()).unwrap();
    exif.extend([1, 0x0e, 0, 2, 0, 0, 0, length, 0, 0, 0, 38, 0, 0, 0, 0]);
    exif.extend(CANARY);
    let segment = |marker: u8, content: &[u8]| {
        let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker], &length[..], content].concat()
    };
    let noted = [&jpeg[..2], &segment(0xe1, &exif), &segment(0xfe, CANARY), &jpeg[2..]].concat();
    // And something behind the picture, as some telephones put there.
    [&noted, CANARY].concat()
}

/// A part of a PNG.
pub(crate) fn chunk(name: &[u8], content: &[u8]) -> Vec<u8> {
    let sum = name.iter().chain(content).fold(u32::MAX, |sum, byte| {
        (0..8).fold(
            sum ^ u32::from(*byte),
            |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 },
        )
    });
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&length[..], name, content, &(!sum).to_be_bytes()].concat()
}

/// The head of a PNG in eight bits of grey.
pub(crate) fn png_head(width: u32, height: u32) -> Vec<u8> {
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1a\n".as_slice(), &chunk(b"IHDR", &head)].concat()
}

/// A PDF of these objects; the first is the catalogue.
pub(crate) fn pdf_of(objects: &[Vec<u8>], trailer: &str) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (number, object) in objects.iter().enumerate() {
        places.push(bytes.len());
        bytes.extend(format!("{} 0 obj\n", number + 1).into_bytes());
        bytes.extend(object);
        bytes.extend(b"\nendobj\n");
    }
    let table = bytes.len();
    bytes.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).into_bytes());
    for place in places {
        bytes.extend(format!("{place:010} 00000 n \n").into_bytes());
    }
    let end = format!(
        "trailer\n<< /Size {} /Root 1 0 R {trailer} >>\nstartxref\n{table}\n%%EOF\n",
        objects.len() + 1
    );
    bytes.extend(end.into_bytes());
    bytes
}

pub(crate) fn stream(dictionary: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("<< {dictionary} /Length {} >>\nstream\n", content.len());
    [head.as_bytes(), content, b"\nendstream"].concat()
}

/// So many pages of this size in points, each with a black square, a line of text, and a script nobody should run.
pub(crate) fn pdf(pages: usize, width: u32, height: u32, trailer: &str) -> Vec<u8> {
    let kids: String = (0..pages).map(|page| format!("{} 0 R", 5 + 2 * page)).collect::<Vec<_>>().join(" ");
    let canary = String::from_utf8(CANARY.to_vec()).unwrap();
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>".to_vec(),
        format!("<< /Type /Pages /Kids [{kids}] /Count {pages} >>").into_bytes(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec(),
        format!("<< /Title ({canary}) >>").into_bytes(),
    ];
    for page in 0..pages {
        objects.push(
            format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents {} 0 R \
                 /Resources << /Font << /F1 3 0 R >> >> >>",
                6 + 2 * page
            )
            .into_bytes(),
        );
        let drawn =
            format!("0 0 0 rg 10 10 50 50 re f BT /F1 24 Tf 20 100 Td (Page {page}) Tj ET\n% {canary}");
        objects.push(stream("", drawn.as_bytes()));
    }
    pdf_of(&objects, &format!("/Info 4 0 R {trailer}"))
}
