// HDF5 1.10's C interface behind handles that close themselves.
#include "offprint/io/hdf5.hpp"

#include <algorithm>
#include <array>
#include <mutex>

#include <fmt/format.h>
#include <hdf5.h>

#include "offprint/core/atomic_file.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/large_pages.hpp"
#include "offprint/io/mapped_file.hpp"

namespace offprint::io {
namespace {

// The serial library keeps global state: one caller at a time, with its own printing of errors off.
class Session {
 public:
  Session() : lock_(mutex()) {
    H5Eget_auto2(H5E_DEFAULT, &printer_, &printer_data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~Session() { H5Eset_auto2(H5E_DEFAULT, printer_, printer_data_); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

 private:
  static std::mutex& mutex() {
    static std::mutex only;
    return only;
  }
  std::lock_guard<std::mutex> lock_;
  H5E_auto2_t printer_ = nullptr;
  void* printer_data_ = nullptr;
};

class Handle {
 public:
  Handle() = default;
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  [[nodiscard]] hid_t get() const { return id_; }
  [[nodiscard]] bool ok() const { return id_ >= 0; }

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

// The innermost entry of HDF5's error stack: the cause.
std::string last_error() {
  std::string text;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned, const H5E_error2_t* error, void* out) -> herr_t {
        auto& message = *static_cast<std::string*>(out);
        if (message.empty() && error->desc != nullptr) message = error->desc;
        return 0;
      },
      &text);
  return text.empty() ? "unknown error" : text;
}

Handle open_file(const std::filesystem::path& path) {
  {
    const MappedFile readable(path);  // gives the clear sentence for what is missing, a folder or forbidden
    if (readable.bytes().empty()) throw InputError(fmt::format("{}: the file is empty", path.string()));
    if (readable.bytes().substr(0, 10) == "MATLAB 5.0")
      throw InputError(
          fmt::format("{}: this is an old MATLAB file (version 5); save it again in MATLAB with -v7.3", path.string()));
  }
  if (H5Fis_hdf5(path.c_str()) <= 0) throw InputError(fmt::format("{}: this is not an HDF5 file", path.string()));
  Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (!file.ok())
    throw InputError(fmt::format("{}: the HDF5 file is damaged or in use ({})", path.string(), last_error()));
  return file;
}

enum class Storage { other, real, enumeration, complex };

// What the elements are; for complex ones, the names of the two members.
struct ElementType {
  Storage storage = Storage::other;
  std::array<std::string, 2> parts;
};

std::string member_name(hid_t type, unsigned index) {
  char* raw = H5Tget_member_name(type, index);
  std::string name = raw == nullptr ? "" : raw;
  H5free_memory(raw);
  return name;
}

ElementType element_type(hid_t dataset) {
  const Handle type(H5Dget_type(dataset), H5Tclose);
  switch (H5Tget_class(type.get())) {
    case H5T_INTEGER:
    case H5T_FLOAT:
      return {Storage::real, {}};
    case H5T_ENUM:
      return {Storage::enumeration, {}};
    case H5T_COMPOUND: {
      if (H5Tget_nmembers(type.get()) != 2) return {};
      ElementType element{Storage::complex, {member_name(type.get(), 0), member_name(type.get(), 1)}};
      for (unsigned i = 0; i < 2; ++i)
        if (H5Tget_member_class(type.get(), i) != H5T_FLOAT) return {};
      const auto is = [&](const char* re, const char* im) { return element.parts[0] == re && element.parts[1] == im; };
      return is("r", "i") || is("real", "imag") || is("re", "im") ? element : ElementType{};
    }
    default:
      return {};
  }
}

Handle memory_type(const ElementType& element) {
  if (element.storage == Storage::enumeration) return {H5Tcopy(H5T_NATIVE_INT64), H5Tclose};
  if (element.storage == Storage::real) return {H5Tcopy(H5T_NATIVE_DOUBLE), H5Tclose};
  Handle type(H5Tcreate(H5T_COMPOUND, sizeof(std::complex<double>)), H5Tclose);
  H5Tinsert(type.get(), element.parts[0].c_str(), 0, H5T_NATIVE_DOUBLE);
  H5Tinsert(type.get(), element.parts[1].c_str(), sizeof(double), H5T_NATIVE_DOUBLE);
  return type;
}

std::vector<hsize_t> stored_shape(hid_t dataset) {
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const int rank = H5Sget_simple_extent_ndims(space.get());
  std::vector<hsize_t> shape(static_cast<std::size_t>(std::max(rank, 0)));
  if (rank > 0) H5Sget_simple_extent_dims(space.get(), shape.data(), nullptr);
  return shape;
}

bool has_attribute(hid_t object, const char* name) { return H5Aexists(object, name) > 0; }

// An empty MATLAB array is stored as its shape.
bool is_matlab_empty(hid_t dataset) { return has_attribute(dataset, "MATLAB_empty"); }

bool is_matlab_number(hid_t dataset) {
  const Handle attribute(H5Aopen(dataset, "MATLAB_class", H5P_DEFAULT), H5Aclose);
  const Handle type(H5Aget_type(attribute.get()), H5Tclose);
  if (H5Tget_class(type.get()) != H5T_STRING || H5Tis_variable_str(type.get()) > 0) return true;
  std::string name(H5Tget_size(type.get()), '\0');
  if (H5Aread(attribute.get(), type.get(), name.data()) < 0) return true;
  name = name.c_str();  // may be padded with zeros
  for (const char* number :
       {"double", "single", "logical", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"})
    if (name == number) return true;
  return false;  // char, cell, struct, function handles
}

Hdf5Info describe(hid_t file, const std::string& path) {
  const Handle dataset(H5Dopen2(file, path.c_str(), H5P_DEFAULT), H5Dclose);
  Hdf5Info info;
  info.path = path;
  if (!dataset.ok()) return info;
  const ElementType element = element_type(dataset.get());
  info.matlab = has_attribute(dataset.get(), "MATLAB_class");
  info.numeric = element.storage != Storage::other && (!info.matlab || is_matlab_number(dataset.get()));
  info.complex = element.storage == Storage::complex;
  const auto shape = stored_shape(dataset.get());
  info.shape.assign(shape.begin(), shape.end());
  if (info.matlab) std::reverse(info.shape.begin(), info.shape.end());
  return info;
}

std::vector<Hdf5Info> list(hid_t file) {
  std::vector<std::string> paths;
  H5Ovisit2(
      file, H5_INDEX_NAME, H5_ITER_INC,
      [](hid_t, const char* name, const H5O_info_t* info, void* out) -> herr_t {
        // "#refs#" holds the insides of MATLAB's cells and structs
        if (info->type == H5O_TYPE_DATASET && std::string_view(name).substr(0, 6) != "#refs#")
          static_cast<std::vector<std::string>*>(out)->push_back(std::string("/") + name);
        return 0;
      },
      &paths, H5O_INFO_BASIC);
  std::vector<Hdf5Info> infos;
  for (const auto& path : paths) infos.push_back(describe(file, path));
  return infos;
}

[[noreturn]] void unknown_dataset(hid_t file, const std::filesystem::path& path, std::string_view wanted) {
  std::vector<std::string> known;
  for (auto& info : list(file))
    if (info.numeric) known.push_back(info.path);
  const std::string near = nearest(wanted, known);
  if (!near.empty()) {
    known.erase(std::find(known.begin(), known.end(), near));
    known.insert(known.begin(), near);
  }
  constexpr std::size_t kMost = 12;
  const bool more = known.size() > kMost;
  if (more) known.resize(kMost);
  throw InputError(fmt::format("{}: there is no data set '{}'; {}", path.string(), wanted,
                               known.empty()
                                   ? "the file holds no numeric data set"
                                   : fmt::format("it holds {}{}", fmt::join(known, ", "), more ? ", ..." : "")));
}

template <class Vector>
Vector read_values(hid_t dataset, hid_t type, hid_t memory, hid_t selection, std::size_t count,
                   const std::string& name) {
  Vector values(static_cast<Eigen::Index>(count));
  prefer_large_pages(values.data(), count * sizeof(typename Vector::Scalar));
  if (count > 0 && H5Dread(dataset, type, memory, selection, H5P_DEFAULT, values.data()) < 0)
    throw InputError(fmt::format("{}: the data cannot be read ({})", name, last_error()));
  return values;
}

void write_dataset(hid_t file, const std::string& name, const NdArray& array, const Hdf5WriteOptions& options,
                   const std::filesystem::path& path) {
  const auto check = [&](bool ok) {
    if (!ok) throw IoError(fmt::format("cannot write '{}:{}': {}", path.string(), name, last_error()));
  };
  if (name.empty() || name.back() == '/')
    throw InputError(fmt::format("cannot write '{}': '{}' is not the name of a data set", path.string(), name));
  const std::vector<hsize_t> shape(array.shape().begin(), array.shape().end());
  const Handle space(
      shape.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr),
      H5Sclose);
  check(space.ok());
  const Handle groups(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  check(H5Pset_create_intermediate_group(groups.get(), 1) >= 0);
  const Handle layout(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  // without times the same data give the same file
  check(H5Pset_obj_track_times(layout.get(), 0) >= 0);
  if (options.compression > 0 && array.size() > 0 && !shape.empty()) {
    constexpr std::size_t kChunkElements = std::size_t{1} << 17;
    std::vector<hsize_t> chunk = shape;
    std::size_t row = std::max<std::size_t>(array.size() / shape[0], 1);
    for (std::size_t axis = 0; axis < chunk.size() && row > kChunkElements; ++axis) {  // rows too long for a chunk
      chunk[axis] = 1;
      if (axis + 1 < chunk.size()) row /= std::max<std::size_t>(shape[axis + 1], 1);
    }
    const auto split = static_cast<std::size_t>(
        std::find_if(chunk.begin(), chunk.end(), [](auto c) { return c != 1; }) - chunk.begin());
    if (split < chunk.size())
      chunk[split] = std::clamp<hsize_t>(kChunkElements / std::max<std::size_t>(row, 1), 1, chunk[split]);
    check(H5Pset_chunk(layout.get(), static_cast<int>(chunk.size()), chunk.data()) >= 0);
    check(H5Pset_shuffle(layout.get()) >= 0);
    check(H5Pset_deflate(layout.get(), static_cast<unsigned>(options.compression)) >= 0);
  }
  const Handle type =
      memory_type(array.is_complex() ? ElementType{Storage::complex, {"r", "i"}} : ElementType{Storage::real, {}});
  const Handle dataset(H5Dcreate2(file, name.c_str(), type.get(), space.get(), groups.get(), layout.get(), H5P_DEFAULT),
                       H5Dclose);
  check(dataset.ok());
  const void* data = array.is_complex() ? static_cast<const void*>(array.complex().data()) : array.real().data();
  if (array.size() > 0) check(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
}

}  // namespace

std::vector<Hdf5Info> list_hdf5(const std::filesystem::path& path) {
  const Session session;
  const Handle file = open_file(path);
  return list(file.get());
}

NdArray read_hdf5(const std::filesystem::path& path, std::string_view dataset_name, const Hdf5Options& options) {
  const Session session;
  const Handle file = open_file(path);
  const std::string name(dataset_name);
  const std::string where = fmt::format("{}:{}", path.string(), name);
  const Handle dataset(name.empty() ? -1 : H5Dopen2(file.get(), name.c_str(), H5P_DEFAULT), H5Dclose);
  if (!dataset.ok()) unknown_dataset(file.get(), path, dataset_name);
  const ElementType element = element_type(dataset.get());
  const bool matlab = has_attribute(dataset.get(), "MATLAB_class");
  if (element.storage == Storage::other || (matlab && !is_matlab_number(dataset.get())))
    throw InputError(fmt::format("{}: the data set does not hold numbers", where));

  const bool reversed = options.axes == AxisOrder::reversed || (options.axes == AxisOrder::automatic && matlab);
  std::vector<hsize_t> extent = stored_shape(dataset.get());
  if (matlab && is_matlab_empty(dataset.get())) {
    const auto shape = read_values<Eigen::VectorXd>(dataset.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL,
                                                    extent.empty() ? 1 : extent[0], where);
    return {{shape.begin(), shape.end()}, Eigen::VectorXd()};
  }

  const Handle selection(H5Dget_space(dataset.get()), H5Sclose);
  if (options.rows) {
    const auto [first, count] = *options.rows;
    if (extent.empty()) throw InputError(fmt::format("{}: a scalar has no rows", where));
    const std::size_t axis = reversed ? extent.size() - 1 : 0;
    if (first > extent[axis] || count > extent[axis] - first)
      throw InputError(
          fmt::format("{}: rows {} to {} are asked for, there are {}", where, first, first + count, extent[axis]));
    std::vector<hsize_t> start(extent.size(), 0);
    start[axis] = first;
    extent[axis] = count;
    H5Sselect_hyperslab(selection.get(), H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr);
  }
  std::vector<std::size_t> shape(extent.begin(), extent.end());
  const std::size_t count = H5Sget_simple_extent_type(selection.get()) == H5S_NULL ? 0 : element_count(shape, where);
  if (count == 0 && shape.empty()) shape = {0};
  const Handle memory(extent.empty() ? H5Screate(H5S_SCALAR)
                                     : H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr),
                      H5Sclose);
  const Handle type = memory_type(element);

  const auto finish = [&](auto values) {
    NdArray array(std::move(shape), std::move(values));
    return reversed ? array.reversed_axes() : array;
  };
  if (element.storage == Storage::complex)
    return finish(
        read_values<Eigen::VectorXcd>(dataset.get(), type.get(), memory.get(), selection.get(), count, where));
  if (element.storage == Storage::enumeration) {
    using Integers = Eigen::Vector<std::int64_t, Eigen::Dynamic>;
    const auto values = read_values<Integers>(dataset.get(), type.get(), memory.get(), selection.get(), count, where);
    return finish(Eigen::VectorXd(values.cast<double>()));
  }
  return finish(read_values<Eigen::VectorXd>(dataset.get(), type.get(), memory.get(), selection.get(), count, where));
}

void write_hdf5(const std::filesystem::path& path, std::span<const std::pair<std::string, NdArray>> datasets,
                const Hdf5WriteOptions& options) {
  AtomicFile output(path);
  {
    const Session session;
    const auto check = [&](bool ok) {
      if (!ok) throw IoError(fmt::format("cannot write '{}': {}", path.string(), last_error()));
    };
    Handle file(H5Fcreate(output.temporary_path().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
    check(file.ok());
    for (const auto& [name, array] : datasets) write_dataset(file.get(), name, array, options, path);
    check(H5Fflush(file.get(), H5F_SCOPE_GLOBAL) >= 0);
  }
  output.commit();
}

}  // namespace offprint::io
