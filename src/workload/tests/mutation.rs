//! Damaged files give an error or another workload, never a panic.

use super::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const ROUNDS: u64 = 3000;

/// Flips, overwrites, inserts or removes a few bytes, or cuts the file short.
fn damage(file: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut file = file.to_vec();
    for _ in 0..1 + rng.next_u32() % 4 {
        if file.is_empty() {
            break;
        }
        let at = rng.next_u32() as usize % file.len();
        let byte = rng.next_u32() as u8;
        match rng.next_u32() % 8 {
            0 => file.truncate(at),
            1 => file.insert(at, byte),
            2 => drop(file.remove(at)),
            3 => file[at] = byte,
            4 => file[at] = b"0123456789,.'()[]{}:-_ \"\n"[usize::from(byte % 25)],
            _ => file[at] ^= 1 << (byte % 8),
        }
    }
    file
}

/// Opens damaged files and reads what still opens; counts accepted and refused.
fn survive(seed: u64, open: impl Fn(&mut ChaCha8Rng) -> Result<Workload, WorkloadError>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..ROUNDS {
        match open(&mut rng) {
            Ok(workload) => {
                accepted += 1;
                for (index, (name, m, k, n)) in workload.shapes().enumerate() {
                    // A digit more can make a sound but large shape.
                    if m * k + k * n < 1 << 20 {
                        let gemm = workload.gemm(index).unwrap();
                        assert_eq!((gemm.m(), gemm.k(), gemm.n()), (m, k, n));
                        assert_eq!(gemm.name, name);
                    }
                }
            }
            Err(e) => {
                refused += 1;
                assert!(!e.to_string().is_empty());
            }
        }
    }
    // Both paths must have been taken for the test to say anything.
    assert!(
        accepted > 50 && refused > 50,
        "{accepted} accepted, {refused} refused"
    );
}

#[test]
fn damaged_safetensors() {
    let folder = Folder::new();
    let good = safetensors_of(&[
        counting("x.10.q", &[4, 3]),
        counting("w.q", &[3, 40]),
        counting("x.2.qk", &[2, 4, 3]),
        counting("y.2.qk", &[2, 3, 2]),
    ]);
    survive(1, |rng| folder.open("t.safetensors", damage(&good, rng)));
}

#[test]
fn damaged_npy() {
    let folder = Folder::new();
    let (x, w) = (int8_npy(4, 30), int8_npy(30, 5));
    survive(2, |rng| folder.open_pair(&damage(&x, rng), &w));
}

#[test]
fn damaged_tables() {
    let folder = Folder::new();
    let good = "Layer, M, N, K,\nfc1, 64, 512, 128,\r\n\nqk.h0, 64, 64, 32,\n9,8,7\n";
    survive(3, |rng| folder.open("t.csv", damage(good.as_bytes(), rng)));
}
