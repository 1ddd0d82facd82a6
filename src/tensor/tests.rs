//! Tensors with values, and the same operations on shapes alone.

use super::Tensor;

fn counted(shape: &[usize]) -> Tensor {
    let len: usize = shape.iter().product();
    Tensor::new(shape, (0..len).map(|i| i as f32).collect())
}

#[test]
fn images_change_their_layout_and_back() {
    let image = counted(&[2, 3, 2, 5]);
    let last = image.channels_last();
    assert_eq!(last.shape(), [2, 2, 5, 3]);
    assert_eq!(last.values().unwrap()[..4], [0.0, 10.0, 20.0, 1.0]);
    assert_eq!(last.channels_first(), image);
}

#[test]
fn parts_are_joined_and_taken_apart() {
    let tensor = counted(&[3, 4]);
    let (first, rest) = (tensor.slice(0, 1), tensor.slice(1, 2));
    assert_eq!(Tensor::stack(&[&first, &rest]), tensor);
    let wide = first.beside(&counted(&[1, 2]));
    assert_eq!(
        wide,
        Tensor::new(&[1, 6], vec![0.0, 1.0, 2.0, 3.0, 0.0, 1.0])
    );
}

#[test]
fn a_bias_repeats_along_the_rows() {
    let sum = counted(&[2, 2]).plus(&Tensor::new(&[2], vec![10.0, 20.0]));
    assert_eq!(sum, Tensor::new(&[2, 2], vec![10.0, 21.0, 12.0, 23.0]));
}

#[test]
fn shapes_go_where_values_go() {
    let (shape, tensor) = (Tensor::shape_only(&[2, 3, 4, 5]), counted(&[2, 3, 4, 5]));
    assert_eq!(
        shape.channels_last().shape(),
        tensor.channels_last().shape()
    );
    assert_eq!(shape.beside(&tensor), Tensor::shape_only(&[2, 3, 4, 10]));
    assert_eq!(tensor.clone().plus(&shape), shape);
    assert_eq!(
        Tensor::stack(&[&shape, &tensor]),
        Tensor::shape_only(&[4, 3, 4, 5])
    );
    assert_eq!(shape.slice(1, 1), Tensor::shape_only(&[1, 3, 4, 5]));
    let untouched = shape.clone().apply(|_| panic!("there are no values"));
    assert_eq!(untouched, shape);
}
