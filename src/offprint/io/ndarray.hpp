// Arrays of any rank as the readers return them: a shape and real or complex numbers in row-major order.
#pragma once

#include <complex>
#include <cstddef>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <Eigen/Core>

namespace offprint::io {

/// A dense array: element (i, j, ..., k) lies at ((i * shape[1] + j) * ... ) * shape.back() + k. An empty shape is a
/// scalar with one element. Values are double whatever the file held: integers beyond 2^53 are rounded.
class NdArray {
 public:
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using RowMajorComplex = Eigen::Matrix<std::complex<double>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  NdArray() : NdArray({0}, Eigen::VectorXd()) {}
  /// Takes the values in row-major order. Throws InputError when their number is not the product of the shape.
  NdArray(std::vector<std::size_t> shape, Eigen::VectorXd values);
  NdArray(std::vector<std::size_t> shape, Eigen::VectorXcd values);
  /// A copy of a vector (rank 1) or a matrix (rank 2).
  static NdArray from_vector(const Eigen::Ref<const Eigen::VectorXd>& vector);
  static NdArray from_vector(const Eigen::Ref<const Eigen::VectorXcd>& vector);
  static NdArray from_matrix(const Eigen::Ref<const Eigen::MatrixXd>& matrix);
  static NdArray from_matrix(const Eigen::Ref<const Eigen::MatrixXcd>& matrix);

  [[nodiscard]] const std::vector<std::size_t>& shape() const { return shape_; }
  [[nodiscard]] std::size_t rank() const { return shape_.size(); }
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool is_complex() const { return std::holds_alternative<Eigen::VectorXcd>(values_); }
  /// "(20000, 4)".
  [[nodiscard]] std::string shape_text() const;

  /// All values in row-major order. `real` throws InputError for a complex array; `complex` for a real one.
  [[nodiscard]] const Eigen::VectorXd& real() const;
  [[nodiscard]] const Eigen::VectorXcd& complex() const;

  /// A rank-1 array as a vector, without a copy. Throws InputError for other ranks and for complex values.
  [[nodiscard]] Eigen::Map<const Eigen::VectorXd> vector() const;
  /// A rank-2 array as a matrix, without a copy; rank 1 is given as one column. Throws InputError for other ranks and
  /// for complex values.
  [[nodiscard]] Eigen::Map<const RowMajor> matrix() const;
  /// The same for complex arrays.
  [[nodiscard]] Eigen::Map<const Eigen::VectorXcd> complex_vector() const;
  [[nodiscard]] Eigen::Map<const RowMajorComplex> complex_matrix() const;

  /// The array with its axes in reverse order (the transpose, at rank 2). O(size).
  [[nodiscard]] NdArray reversed_axes() const;

 private:
  std::vector<std::size_t> shape_;
  std::variant<Eigen::VectorXd, Eigen::VectorXcd> values_;
};

/// The product of a shape. Throws InputError when it exceeds what memory can address; `name` is what errors call the
/// file.
[[nodiscard]] std::size_t element_count(std::span<const std::size_t> shape, std::string_view name);

/// "(20000, 4)", "(7,)", "()": as Python writes tuples.
[[nodiscard]] std::string shape_text(std::span<const std::size_t> shape);

}  // namespace offprint::io
