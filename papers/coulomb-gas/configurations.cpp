#include "configurations.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <complex>
#include <fstream>
#include <limits>
#include <string_view>

#include <fmt/format.h>
#include <fnmatch.h>

#include "offprint/core/error.hpp"
#include "offprint/io/npy.hpp"
#include "offprint/io/table_file.hpp"

namespace offprint::papers::coulomb_gas {

using coulomb::RadialFunction;

namespace {

bool ends_with(const std::string& text, std::string_view tail) {
  return text.size() >= tail.size() && text.compare(text.size() - tail.size(), tail.size(), tail) == 0;
}

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  std::size_t at = 0;
  while (at < line.size()) {
    while (at < line.size() && (line[at] == ' ' || line[at] == '\t' || line[at] == '\r')) ++at;
    const std::size_t first = at;
    while (at < line.size() && line[at] != ' ' && line[at] != '\t' && line[at] != '\r') ++at;
    if (at > first) out.push_back(line.substr(first, at - first));
  }
  return out;
}

bool number(std::string_view word, double& value) {
  if (!word.empty() && word[0] == '+') word.remove_prefix(1);
  const auto read = std::from_chars(word.data(), word.data() + word.size(), value);
  return read.ec == std::errc() && read.ptr == word.data() + word.size();
}

// Takes snapshots one by one.
class Collector {
 public:
  Collector(int d, double scale, const RadialFunction& f) : d_(static_cast<std::size_t>(d)), scale_(scale), f_(f) {
    out_.least_radius = std::numeric_limits<double>::infinity();
  }
  void begin(const std::string& file) { name_ = file; }
  // n rows of d.
  void add(const std::vector<double>& x) {
    const std::size_t n = x.size() / d_;
    const std::size_t snapshot = out_.values.size() + 1;
    if (out_.values.empty()) {
      if (n < 2) throw InputError(fmt::format("{}: at least 2 charges are needed, snapshot 1 has {}", name_, n));
      out_.charges = n;
    } else if (n != out_.charges) {
      throw InputError(fmt::format("{}: snapshot {} has {} charges, the first has {}; all must have the same number",
                                   name_, snapshot, n, out_.charges));
    }
    radius_.resize(n);
    value_.resize(n);
    out_.last.assign(x.size(), 0.0);
    for (std::size_t i = 0; i < n; ++i) {
      double r2 = 0;
      for (std::size_t c = 0; c < d_; ++c) {
        const double v = scale_ * x[i * d_ + c];
        if (!std::isfinite(v))
          throw InputError(
              fmt::format("{}: snapshot {}, charge {}: coordinate {} is not finite", name_, snapshot, i + 1, c + 1));
        out_.last[i * d_ + c] = v;
        r2 += v * v;
      }
      squares_ += r2;
      radius_[i] = std::sqrt(r2);
      out_.least_radius = std::min(out_.least_radius, radius_[i]);
      out_.largest_radius = std::max(out_.largest_radius, radius_[i]);
    }
    f_.evaluate(radius_, value_, {});
    double total = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (!std::isfinite(value_[i]))
        throw InputError(fmt::format("{}: snapshot {}, charge {}: the statistic {} is not finite at r = {:.6g}", name_,
                                     snapshot, i + 1, f_.name(), radius_[i]));
      total += value_[i];
    }
    out_.values.push_back(total);
  }
  Measured finish() {
    if (out_.values.empty()) throw InputError(fmt::format("{}: there is no snapshot", name_));
    out_.mean_square = squares_ / static_cast<double>(out_.values.size() * out_.charges);
    return std::move(out_);
  }

 private:
  std::string name_;
  std::size_t d_;
  double scale_;
  const RadialFunction& f_;
  Measured out_;
  std::vector<double> radius_;
  std::vector<double> value_;
  double squares_ = 0;
};

class Lines {
 public:
  explicit Lines(std::string name) : name_(std::move(name)), in_(name_) {
    if (!in_) throw InputError(fmt::format("{} cannot be read", name_));
  }
  bool next(std::string& line) {
    ++number_;
    return static_cast<bool>(std::getline(in_, line));
  }
  [[noreturn]] void complain(const std::string& what) const {
    throw InputError(fmt::format("{}:{}: {}", name_, number_, what));
  }

 private:
  std::string name_;
  std::ifstream in_;
  std::size_t number_ = 0;
};

void read_xyz(const std::string& path, int d, const Parallel& how, Collector& collector) {
  Lines lines(path);
  std::string line;
  std::vector<double> x;
  while (lines.next(line)) {
    const auto head = words(line);
    if (head.empty()) continue;
    double count = 0;
    if (head.size() != 1 || !number(head[0], count) || count < 1 || count != std::floor(count))
      lines.complain("the number of charges was expected");
    how.cancel.check();
    if (!lines.next(line)) lines.complain("the comment line of a snapshot is missing");
    x.clear();
    for (long i = 0; i < static_cast<long>(count); ++i) {
      if (!lines.next(line)) lines.complain(fmt::format("the file ends after {} of {} charges", i, count));
      const auto fields = words(line);
      if (fields.size() < static_cast<std::size_t>(d) + 1)
        lines.complain(fmt::format("a name and {} coordinates were expected", d));
      for (int c = 0; c < d; ++c) {
        double v = 0;
        if (!number(fields[static_cast<std::size_t>(c) + 1], v))
          lines.complain(fmt::format("coordinate {} is no number", c + 1));
        x.push_back(v);
      }
    }
    collector.add(x);
  }
}

void read_lammps(const std::string& path, int d, const Parallel& how, Collector& collector) {
  Lines lines(path);
  std::string line;
  long count = -1;
  std::vector<double> x;
  while (lines.next(line)) {
    if (line.rfind("ITEM: NUMBER OF ATOMS", 0) == 0) {
      double value = 0;
      if (!lines.next(line) || words(line).size() != 1 || !number(words(line)[0], value))
        lines.complain("the number of atoms was expected");
      count = static_cast<long>(value);
    }
    if (line.rfind("ITEM: ATOMS", 0) != 0) continue;
    how.cancel.check();
    if (count < 0) lines.complain("ITEM: ATOMS comes before ITEM: NUMBER OF ATOMS");
    const std::string header = line;
    const auto columns = words(header);
    std::vector<std::size_t> place;
    for (int c = 0; c < d; ++c) {
      const std::string axis(1, "xyz"[c]);
      const auto found = std::find_if(columns.begin() + 2, columns.end(),
                                      [&](std::string_view name) { return name == axis || name == axis + "u"; });
      if (found == columns.end()) lines.complain(fmt::format("there is no column {} (or {}u)", axis, axis));
      place.push_back(static_cast<std::size_t>(found - columns.begin()) - 2);
    }
    x.clear();
    for (long i = 0; i < count; ++i) {
      if (!lines.next(line)) lines.complain(fmt::format("the file ends after {} of {} atoms", i, count));
      const auto fields = words(line);
      for (const std::size_t p : place) {
        double v = 0;
        if (p >= fields.size() || !number(fields[p], v)) lines.complain("a coordinate is missing or no number");
        x.push_back(v);
      }
    }
    collector.add(x);
  }
}

void read_array(const std::string& path, int d, const Parallel& how, Collector& collector) {
  const auto width = static_cast<std::size_t>(d);
  const io::NdArray array = io::read_npy(path);
  const auto& shape = array.shape();
  const bool complex = array.is_complex();
  // One snapshot: complex (N) or (N, 1), real (N, d) in two dimensions and more.
  const bool single = complex ? shape.size() == 1 || (shape.size() == 2 && shape[1] == 1)
                              : d > 1 && shape.size() == 2 && shape[1] == width;
  const bool flat = shape.size() == 2 && !complex && d == 1;
  if (!single && (complex ? d != 2 || shape.size() != 2 : !flat && (shape.size() != 3 || shape[2] != width)))
    throw InputError(
        fmt::format("{}: an array of shape {}{} does not hold snapshots in {} dimensions: (snapshots, N, {}) is "
                    "expected, complex (snapshots, N) for d = 2, or one snapshot, (N, {}) or complex (N)",
                    path, array.shape_text(), complex ? " (complex)" : "", d, d, d));
  if (complex && d != 2)
    throw InputError(fmt::format("{}: complex numbers are points of the plane; use --dim 2", path));
  const std::size_t snapshots = single ? 1 : shape[0];
  const std::size_t n = single ? shape[0] : shape[1];
  std::vector<double> x(n * width);
  for (std::size_t s = 0; s < snapshots; ++s) {
    how.cancel.check();
    for (std::size_t i = 0; i < n; ++i)
      if (complex) {
        const auto z = array.complex()(static_cast<Eigen::Index>(s * n + i));
        x[2 * i] = z.real();
        x[2 * i + 1] = z.imag();
      } else {
        for (std::size_t c = 0; c < width; ++c)
          x[i * width + c] = array.real()(static_cast<Eigen::Index>((s * n + i) * width + c));
      }
    collector.add(x);
  }
}

// "0.3-0.1j", "(0.3-0.1j)", with i for j, or a real number.
bool complex_number(std::string_view word, std::complex<double>& value) {
  if (word.size() > 1 && word.front() == '(' && word.back() == ')') word = word.substr(1, word.size() - 2);
  double re = 0;
  if (number(word, re)) {
    value = re;
    return true;
  }
  if (word.empty() || (word.back() != 'j' && word.back() != 'i')) return false;
  word.remove_suffix(1);
  re = 0;
  std::size_t sign = word.size();
  for (std::size_t i = word.size(); i-- > 1;)
    if ((word[i] == '+' || word[i] == '-') && word[i - 1] != 'e' && word[i - 1] != 'E') {
      sign = i;
      break;
    }
  double im = 0;
  if (sign == word.size()) {
    if (!number(word, im)) return false;
  } else if (!number(word.substr(0, sign), re) || !number(word.substr(sign), im)) {
    return false;
  }
  value = {re, im};
  return true;
}

// Whether the first row holds a complex number with an imaginary part.
bool looks_complex(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  while (std::getline(in, line)) {
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == ',' || c == ';'; }, ' ');
    const auto fields = words(line);
    if (fields.empty() || fields[0][0] == '#') continue;
    return std::any_of(fields.begin(), fields.end(), [](std::string_view word) {
      std::complex<double> z;
      return (word.find('j') != std::string::npos || word.find('i') != std::string::npos) && complex_number(word, z);
    });
  }
  return false;
}

void read_complex_text(const std::string& path, const Parallel& how, Collector& collector) {
  Lines lines(path);
  std::string line;
  std::vector<double> x;
  bool single = false;  // one number a row: all rows are one snapshot
  bool first = true;
  while (lines.next(line)) {
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == ',' || c == ';'; }, ' ');
    const auto fields = words(line);
    if (fields.empty() || fields[0][0] == '#') continue;
    how.cancel.check();
    if (first) single = fields.size() == 1;
    first = false;
    if (single && fields.size() != 1)
      lines.complain(fmt::format("the rows before hold one number each, this one {}", fields.size()));
    if (!single) x.clear();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      std::complex<double> z;
      if (!complex_number(fields[i], z))
        lines.complain(fmt::format("entry {} is no complex number (0.3-0.1j is one)", i + 1));
      x.push_back(z.real());
      x.push_back(z.imag());
    }
    if (!single) collector.add(x);
  }
  if (single) collector.add(x);
}

void read_table(const std::string& path, int d, const Parallel& how, Collector& collector) {
  io::DataOptions options;
  options.csv.parallel = how;
  const io::MatrixFile file = io::read_matrix(path, options);
  if (file.values.cols() % d != 0)
    throw InputError(
        fmt::format("{}: a row has {} numbers, which is no multiple of the dimension {}", path, file.values.cols(), d));
  const bool single = file.values.cols() == d;  // a charge a row
  std::vector<double> x;
  for (Eigen::Index s = 0; s < file.values.rows(); ++s) {
    if (!single) x.clear();
    for (Eigen::Index c = 0; c < file.values.cols(); ++c) x.push_back(file.values(s, c));
    if (!single) collector.add(x);
  }
  if (single) collector.add(x);
}

}  // namespace

std::vector<std::string> configuration_files(const std::vector<std::filesystem::path>& addresses) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (const fs::path& address : addresses) {
    const std::string pattern = address.filename().string();
    const bool wild = pattern.find_first_of("*?") != std::string::npos && !fs::exists(address);
    if (!wild && !fs::is_directory(address)) {
      files.push_back(address.string());
      continue;
    }
    std::vector<std::string> found;
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(wild ? address.parent_path() : address, failed)) {
      const std::string name = entry.path().filename().string();
      if (entry.is_regular_file() && name.front() != '.' && (!wild || ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0))
        found.push_back(entry.path().string());
    }
    if (found.empty())
      throw InputError(wild ? fmt::format("no file is called {}", address.string())
                            : fmt::format("there is no file in the folder {}", address.string()));
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

Measured read_configurations(const std::vector<std::string>& files, int d, double scale, const RadialFunction& f,
                             const Parallel& how) {
  Collector collector(d, scale, f);
  for (const std::string& file : files) {
    collector.begin(file);
    if (ends_with(file, ".xyz"))
      read_xyz(file, d, how, collector);
    else if (ends_with(file, ".dump") || ends_with(file, ".lammpstrj") || ends_with(file, ".lammps"))
      read_lammps(file, d, how, collector);
    else if (ends_with(file, ".npy"))
      read_array(file, d, how, collector);
    else if (d == 2 && looks_complex(file))
      read_complex_text(file, how, collector);
    else
      read_table(file, d, how, collector);
  }
  return collector.finish();
}

}  // namespace offprint::papers::coulomb_gas
