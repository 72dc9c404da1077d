// Arrays of any rank.
#include "offprint/io/ndarray.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::io {
namespace {

void check_size(std::span<const std::size_t> shape, Eigen::Index size) {
  if (element_count(shape, "array") != static_cast<std::size_t>(size))
    throw InputError(fmt::format("an array of shape {} cannot hold {} values", shape_text(shape), size));
}

// Destination in row-major order of the reversed shape; tiles keep both sides in cache at rank 2.
template <class Vector>
Vector reverse_axes(const Vector& from, const std::vector<std::size_t>& shape) {
  Vector to(from.size());
  if (shape.size() <= 1 || from.size() == 0) {
    to = from;
  } else if (shape.size() == 2) {
    constexpr std::size_t kTile = 32;
    const std::size_t rows = shape[0];
    const std::size_t cols = shape[1];
    for (std::size_t r0 = 0; r0 < rows; r0 += kTile)
      for (std::size_t c0 = 0; c0 < cols; c0 += kTile)
        for (std::size_t c = c0; c < std::min(c0 + kTile, cols); ++c)
          for (std::size_t r = r0; r < std::min(r0 + kTile, rows); ++r)
            to[static_cast<Eigen::Index>(c * rows + r)] = from[static_cast<Eigen::Index>(r * cols + c)];
  } else {
    // `stride` of the source along each axis of the destination, whose index is an odometer
    const std::vector<std::size_t> extent(shape.rbegin(), shape.rend());
    std::vector<std::size_t> stride(extent.size());
    std::size_t product = 1;
    for (std::size_t axis = 0; axis < extent.size(); ++axis) {
      stride[axis] = product;
      product *= extent[axis];
    }
    std::vector<std::size_t> index(extent.size(), 0);
    std::size_t source = 0;
    for (auto& value : to) {
      value = from[static_cast<Eigen::Index>(source)];
      for (std::size_t axis = extent.size(); axis-- > 0;) {
        source += stride[axis];
        if (++index[axis] < extent[axis]) break;
        source -= stride[axis] * extent[axis];
        index[axis] = 0;
      }
    }
  }
  return to;
}

std::pair<Eigen::Index, Eigen::Index> matrix_extent(const std::vector<std::size_t>& shape) {
  if (shape.size() == 1) return {static_cast<Eigen::Index>(shape[0]), 1};
  if (shape.size() != 2)
    throw InputError(fmt::format("an array of shape {} is no matrix: rank 2 is needed", shape_text(shape)));
  return {static_cast<Eigen::Index>(shape[0]), static_cast<Eigen::Index>(shape[1])};
}

Eigen::Index vector_extent(const std::vector<std::size_t>& shape) {
  if (shape.size() != 1)
    throw InputError(fmt::format("an array of shape {} is no vector: rank 1 is needed", shape_text(shape)));
  return static_cast<Eigen::Index>(shape[0]);
}

template <class Matrix>
auto row_major(const Matrix& matrix) {
  using Scalar = typename Matrix::Scalar;
  Eigen::Vector<Scalar, Eigen::Dynamic> values(matrix.size());
  Eigen::Map<Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(values.data(), matrix.rows(),
                                                                                     matrix.cols()) = matrix;
  return NdArray({static_cast<std::size_t>(matrix.rows()), static_cast<std::size_t>(matrix.cols())}, std::move(values));
}

}  // namespace

std::size_t element_count(std::span<const std::size_t> shape, std::string_view name) {
  // the largest array whose bytes, as complex doubles, a signed index can still address
  constexpr std::size_t kMost = std::numeric_limits<std::ptrdiff_t>::max() / sizeof(std::complex<double>);
  std::size_t count = 1;
  if (std::find(shape.begin(), shape.end(), std::size_t{0}) != shape.end()) return 0;
  for (const std::size_t extent : shape) {
    if (extent > kMost / count)
      throw InputError(fmt::format("{}: the shape {} is too large for this machine", name, shape_text(shape)));
    count *= extent;
  }
  return count;
}

std::string shape_text(std::span<const std::size_t> shape) {
  if (shape.size() == 1) return fmt::format("({},)", shape[0]);
  return fmt::format("({})", fmt::join(shape, ", "));
}

NdArray::NdArray(std::vector<std::size_t> shape, Eigen::VectorXd values)
    : shape_(std::move(shape)), values_(std::move(values)) {
  check_size(shape_, std::get<Eigen::VectorXd>(values_).size());
}

NdArray::NdArray(std::vector<std::size_t> shape, Eigen::VectorXcd values)
    : shape_(std::move(shape)), values_(std::move(values)) {
  check_size(shape_, std::get<Eigen::VectorXcd>(values_).size());
}

NdArray NdArray::from_vector(const Eigen::Ref<const Eigen::VectorXd>& vector) {
  return {{static_cast<std::size_t>(vector.size())}, Eigen::VectorXd(vector)};
}
NdArray NdArray::from_vector(const Eigen::Ref<const Eigen::VectorXcd>& vector) {
  return {{static_cast<std::size_t>(vector.size())}, Eigen::VectorXcd(vector)};
}
NdArray NdArray::from_matrix(const Eigen::Ref<const Eigen::MatrixXd>& matrix) { return row_major(matrix); }
NdArray NdArray::from_matrix(const Eigen::Ref<const Eigen::MatrixXcd>& matrix) { return row_major(matrix); }

std::size_t NdArray::size() const {
  return std::visit([](const auto& v) { return static_cast<std::size_t>(v.size()); }, values_);
}

std::string NdArray::shape_text() const { return io::shape_text(shape_); }

const Eigen::VectorXd& NdArray::real() const {
  if (is_complex()) throw InputError(fmt::format("the array of shape {} is complex: real is needed", shape_text()));
  return std::get<Eigen::VectorXd>(values_);
}

const Eigen::VectorXcd& NdArray::complex() const {
  if (!is_complex()) throw InputError(fmt::format("the array of shape {} is real: complex is needed", shape_text()));
  return std::get<Eigen::VectorXcd>(values_);
}

Eigen::Map<const Eigen::VectorXd> NdArray::vector() const { return {real().data(), vector_extent(shape_)}; }

Eigen::Map<const Eigen::VectorXcd> NdArray::complex_vector() const { return {complex().data(), vector_extent(shape_)}; }

Eigen::Map<const NdArray::RowMajor> NdArray::matrix() const {
  const auto [rows, cols] = matrix_extent(shape_);
  return {real().data(), rows, cols};
}

Eigen::Map<const NdArray::RowMajorComplex> NdArray::complex_matrix() const {
  const auto [rows, cols] = matrix_extent(shape_);
  return {complex().data(), rows, cols};
}

NdArray NdArray::reversed_axes() const {
  return std::visit(
      [&](const auto& values) {
        return NdArray({shape_.rbegin(), shape_.rend()}, reverse_axes(values, shape_));
      },
      values_);
}

}  // namespace offprint::io
