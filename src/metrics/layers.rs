//! Layers of the small networks, f32, batches of images, channels last.
//!
//! A convolution is im2col and one matrix product for the whole batch. The
//! product sums over k in the same order whatever the number of rows, so that no
//! image depends on its batch.

use ndarray::{ArrayView2, ArrayViewMut2, linalg::general_mat_mul};

/// Activations [n, height, width, channels].
#[derive(Clone, Debug)]
pub(super) struct Activations {
    pub(super) n: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
    pub(super) values: Vec<f32>,
}

impl Activations {
    /// Values of one image.
    pub(super) fn image_len(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Largest value of each `window` × `window` window, without padding.
    pub(super) fn max_pool(&self, window: usize, stride: usize) -> Self {
        let height = (self.height - window) / stride + 1;
        let width = (self.width - window) / stride + 1;
        let channels = self.channels;
        let mut values = vec![f32::NEG_INFINITY; self.n * height * width * channels];
        let mut pixels = values.chunks_exact_mut(channels);
        for image in self.values.chunks_exact(self.image_len()) {
            for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
                let pixel = pixels.next().expect("one per window");
                for (row, column) in
                    (0..window).flat_map(|row| (0..window).map(move |column| (row, column)))
                {
                    let at = (y * stride + row) * self.width + x * stride + column;
                    let source = &image[at * channels..][..channels];
                    for (largest, value) in pixel.iter_mut().zip(source) {
                        *largest = largest.max(*value);
                    }
                }
            }
        }
        Self {
            n: self.n,
            height,
            width,
            channels,
            values,
        }
    }
}

/// A square convolution with bias, then ReLU.
#[derive(Clone, Debug)]
pub(super) struct Convolution {
    inputs: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
    /// [kernel, kernel, inputs, outputs]
    weight: Vec<f32>,
    bias: Vec<f32>,
}

/// Sides of a convolution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sides {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) padding: usize,
}

impl Convolution {
    /// A convolution with `weight` in torch's order [outputs, inputs, kernel,
    /// kernel].
    pub(super) fn new(sides: Sides, weight: &[f32], bias: Vec<f32>) -> Self {
        let Sides {
            inputs,
            outputs,
            kernel,
            stride,
            padding,
        } = sides;
        let mut turned = vec![0.0; weight.len()];
        for (place, value) in weight.iter().enumerate() {
            let (filter, tap) = (place / (kernel * kernel), place % (kernel * kernel));
            let (output, input) = (filter / inputs, filter % inputs);
            turned[(tap * inputs + input) * outputs + output] = *value;
        }
        Self {
            inputs,
            outputs,
            kernel,
            stride,
            padding,
            weight: turned,
            bias,
        }
    }

    /// The convolution and its ReLU.
    pub(super) fn forward(&self, x: &Activations) -> Activations {
        debug_assert_eq!(x.channels, self.inputs);
        let side = |length: usize| (length + 2 * self.padding - self.kernel) / self.stride + 1;
        let (height, width) = (side(x.height), side(x.width));
        let rows = x.n * height * width;
        let taps = self.kernel * self.kernel * self.inputs;
        let columns = self.columns(x, height, width);
        let mut values: Vec<f32> = self
            .bias
            .iter()
            .copied()
            .cycle()
            .take(rows * self.outputs)
            .collect();
        multiply_add(
            &columns,
            &self.weight,
            &mut values,
            [rows, taps, self.outputs],
        );
        for value in &mut values {
            *value = value.max(0.0);
        }
        Activations {
            n: x.n,
            height,
            width,
            channels: self.outputs,
            values,
        }
    }

    /// im2col: one row [kernel, kernel, inputs] per output pixel, zero where the
    /// window hangs over.
    fn columns(&self, x: &Activations, height: usize, width: usize) -> Vec<f32> {
        let strip = self.kernel * self.inputs;
        let mut columns = vec![0.0; x.n * height * width * self.kernel * strip];
        let mut strips = columns.chunks_exact_mut(strip);
        for image in x.values.chunks_exact(x.image_len()) {
            for (y, column) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
                // The part of the window's columns that lies on the image.
                let left = column * self.stride;
                let first = self.padding.saturating_sub(left);
                let last = (x.width + self.padding - left).min(self.kernel);
                for row in 0..self.kernel {
                    let strip = strips.next().expect("one per window and row");
                    let line = (y * self.stride + row).wrapping_sub(self.padding);
                    if line >= x.height || first >= last {
                        continue;
                    }
                    let start = (line * x.width + left + first - self.padding) * self.inputs;
                    let length = (last - first) * self.inputs;
                    strip[first * self.inputs..][..length]
                        .copy_from_slice(&image[start..start + length]);
                }
            }
        }
        columns
    }
}

/// A linear layer.
#[derive(Clone, Debug)]
pub(super) struct Dense {
    inputs: usize,
    /// [inputs, outputs]
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Dense {
    /// A layer with `weight` in torch's order [outputs, inputs].
    pub(super) fn new(weight: &[f32], bias: Vec<f32>) -> Self {
        let (outputs, inputs) = (bias.len(), weight.len() / bias.len());
        let mut turned = vec![0.0; weight.len()];
        for (place, value) in weight.iter().enumerate() {
            turned[place % inputs * outputs + place / inputs] = *value;
        }
        Self {
            inputs,
            weight: turned,
            bias,
        }
    }

    /// Outputs [n, outputs] of inputs [n, inputs].
    pub(super) fn forward(&self, x: &[f32]) -> Vec<f32> {
        let (n, outputs) = (x.len() / self.inputs, self.bias.len());
        let mut values: Vec<f32> = self
            .bias
            .iter()
            .copied()
            .cycle()
            .take(n * outputs)
            .collect();
        multiply_add(x, &self.weight, &mut values, [n, self.inputs, outputs]);
        values
    }
}

/// C[M×N] += A[M×K] · B[K×N].
fn multiply_add(a: &[f32], b: &[f32], c: &mut [f32], [m, k, n]: [usize; 3]) {
    let fits = "sizes that the caller computed";
    let a = ArrayView2::from_shape((m, k), a).expect(fits);
    let b = ArrayView2::from_shape((k, n), b).expect(fits);
    let mut c = ArrayViewMut2::from_shape((m, n), c).expect(fits);
    general_mat_mul(1.0, &a, &b, 1.0, &mut c);
}
