use drift::fast::{PackedWeights, multiply_into};
use ndarray::Array2;
fn cpu() -> f64 {
    // user time of this thread
    let mut ts = [0i64; 2];
    unsafe extern "C" {
        fn clock_gettime(id: i32, ts: *mut i64) -> i32;
    }
    unsafe { clock_gettime(3, ts.as_mut_ptr()) };
    ts[0] as f64 + ts[1] as f64 * 1e-9
}
fn main() {
    for (m, k, n) in [
        (1024usize, 1024usize, 1024usize),
        (1, 1152, 6912),
        (2, 1152, 1152),
        (64, 128, 128),
        (64, 128, 512),
        (64, 512, 128),
        (64, 32, 64),
        (64, 64, 32),
        (128, 1152, 1152),
        (1024, 1152, 1152),
        (1024, 1152, 4608),
        (1024, 4608, 1152),
        (1024, 72, 1024),
        (1024, 1024, 72),
        (1024, 4096, 1024),
        (256, 4096, 256),
    ] {
        let x = Array2::from_shape_fn((m, k), |(i, j)| (i * 7 + j * 13) as i8);
        let w = Array2::from_shape_fn((k, n), |(i, j)| (i * 17 + j * 3) as i8);
        let wt = w.t().as_standard_layout().to_owned();
        let p = PackedWeights::new(w.view());
        let mut y = Array2::zeros((m, n));
        let reps = (2e8 / (m * k * n) as f64).ceil().max(1.0) as usize;
        let (mut b, mut bp, mut bt) = (f64::MAX, f64::MAX, f64::MAX);
        for _ in 0..10 {
            let t = cpu();
            for _ in 0..reps {
                multiply_into(x.view(), &p, y.view_mut(), 1);
            }
            b = b.min((cpu() - t) / reps as f64);
            let t = cpu();
            for _ in 0..reps {
                let p = PackedWeights::new(w.view());
                multiply_into(x.view(), &p, y.view_mut(), 1);
            }
            bp = bp.min((cpu() - t) / reps as f64);
            let t = cpu();
            for _ in 0..reps {
                let p = PackedWeights::from_transposed(wt.view());
                multiply_into(x.view(), &p, y.view_mut(), 1);
            }
            bt = bt.min((cpu() - t) / reps as f64);
        }
        let ops = 2e-12 * (m * k * n) as f64;
        println!(
            "{m}x{k}x{n}: {:.3} TOPS prepacked, {:.3} packing KxN, {:.3} packing NxK",
            ops / b,
            ops / bp,
            ops / bt
        );
    }
}
