//! Pictures that are as no others.

/// A PNG of so many grey pixels.
pub(crate) fn png(width: u32, height: u32, lines: &[u8]) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8], data: &[u8]| {
        png.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        let named = [kind, data].concat();
        png.extend(&named);
        png.extend(crc(&named).to_be_bytes());
    };
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    chunk(b"IHDR", &[&size[..], &[8, 0, 0, 0, 0]].concat());
    let length = u16::try_from(lines.len()).unwrap();
    let mut stored = vec![0x78, 0x01, 1];
    stored.extend(length.to_le_bytes());
    stored.extend((!length).to_le_bytes());
    stored.extend(lines);
    stored.extend(adler(lines).to_be_bytes());
    chunk(b"IDAT", &stored);
    chunk(b"IEND", b"");
    png
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    })
}

fn adler(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        ((low + u32::from(*byte)) % 65_521, (high + low + u32::from(*byte)) % 65_521)
    });
    (high << 16) | low
}
