#include "offprint/io/npy.hpp"

#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/io/zip.hpp"

namespace offprint::io {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const InputError& error) {
    return error.what();
  }
  return "(nothing was thrown)";
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

// A version-1 file as numpy writes it, the payload in hexadecimal.
std::string npy(std::string_view descr, std::string_view order, std::string_view shape, std::string_view payload) {
  std::string header = "{'descr': '" + std::string(descr) + "', 'fortran_order': " + std::string(order) +
                       ", 'shape': " + std::string(shape) + ", }";
  header.resize(117, ' ');
  header += '\n';
  return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + from_hex(payload);
}

std::vector<double> values(const NdArray& a) { return {a.real().begin(), a.real().end()}; }

class NpyFile : public ::testing::Test {
 protected:
  NpyFile() { fs::create_directories(folder_); }
  ~NpyFile() override { fs::remove_all(folder_); }
  fs::path write(const std::string& name, std::string_view bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }
  fs::path folder_ = fs::temp_directory_path() / ("offprint-npy-" + std::to_string(::getpid()));
};

// Whole files as numpy 1.24 wrote them.
constexpr std::string_view kBigEndianFortran =
    "934e554d5059010076007b276465736372273a20273e6634272c2027666f727472616e5f6f72646572273a20547275652c2027736861706527"
    "3"
    "a2028322c2033292c207d20202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020"
    "202020202020202020202020200a3fc0000040800000c000000040a000004040000040c80000";
constexpr std::string_view kVersion3Bool =
    "934e554d50590300740000007b276465736372273a20277c6231272c2027666f727472616e5f6f72646572273a2046616c73652c2027736861"
    "7065273a2028322c292c207d202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020"
    "202020202020202020202020200a0100";
constexpr std::string_view kCompressedNpz =
    "504b0304140000000800000021006acff2514a0000008600000005001400612e6e70790100100086000000000000004a000000000000009bec"
    "17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9369a4aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416a402f91ac63a"
    "9a3a0ab50a14002e06064606260600504b030414000000080000002100daf509664b0000008800000005001400622e6e707901001000880000"
    "00000000004b000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9366a1aea3a09e965f54529498179f5f94920a12774b"
    "cc294e058a17672416a402f91a863a0a869a3a0ab50a64032e063078600f00504b01021403140000000800000021006acff2514a0000008600"
    "0000050000000000000000000000800100000000612e6e7079504b0102140314000000080000002100daf509664b0000008800000005000000"
    "0000000000000000800181000000622e6e7079504b0506000000000200020066000000030100000000";

TEST(Npy, ReadsFilesThatNumpyWrote) {
  const NdArray a = parse_npy(from_hex(kBigEndianFortran));
  EXPECT_THAT(a.shape(), ElementsAre(2, 3));
  EXPECT_THAT(values(a), ElementsAre(1.5, -2, 3, 4, 5, 6.25));
  EXPECT_EQ(a.matrix()(1, 0), 4.0);
  EXPECT_THAT(values(parse_npy(from_hex(kVersion3Bool))), ElementsAre(1, 0));
}

TEST(Npy, ReadsEveryType) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"|i1", "80ff7f"},
      {"|u1", "00017f"},
      {"<i2", "80ffffff7f00"},
      {">i2", "ff80ffff007f"},
      {"<i4", "80ffffffffffffff7f000000"},
      {">i4", "ffffff80ffffffff0000007f"},
      {"<i8", "80ffffffffffffffffffffffffffffff7f00000000000000"},
      {"<f2", "00d800bcf057"},
      {">f2", "d800bc0057f0"},
      {"<f4", "000000c3000080bf0000fe42"},
      {"<f8", "00000000000060c0000000000000f0bf0000000000c05f40"},
      {">f8", "c060000000000000bff0000000000000405fc00000000000"},
      {"=f4", "000000c3000080bf0000fe42"}};
  for (const auto& [descr, payload] : cases) {
    const auto expected = descr == "|u1" ? std::vector<double>{0, 1, 127} : std::vector<double>{-128, -1, 127};
    EXPECT_EQ(values(parse_npy(npy(descr, "False", "(3,)", payload))), expected) << descr;
  }
  EXPECT_THAT(values(parse_npy(npy("<u2", "False", "(2,)", "ffff0100"))), ElementsAre(65535, 1));
  EXPECT_THAT(values(parse_npy(npy(">u4", "False", "(2,)", "ffffffff00000001"))), ElementsAre(4294967295.0, 1));
  EXPECT_THAT(values(parse_npy(npy("<u8", "False", "(1,)", "ffffffffffffffff"))), ElementsAre(18446744073709551616.0));
  const NdArray scalar = parse_npy(npy("<c8", "False", "()", "0000c03f000000c0"));
  EXPECT_EQ(scalar.rank(), 0u);
  EXPECT_EQ(scalar.complex()[0], std::complex<double>(1.5, -2));
  EXPECT_EQ(parse_npy(npy(">c16", "False", "(1,)", "3ff8000000000000c000000000000000")).complex()[0],
            std::complex<double>(1.5, -2));
}

TEST(Npy, HalfPrecisionIsNumpys) {
  const NdArray a = parse_npy(npy("<f2", "False", "(5,)", "003c00c1ff7b0100007c"));
  EXPECT_THAT(values(a), ElementsAre(1.0, -2.5, 65504, std::ldexp(1.0, -24), std::numeric_limits<double>::infinity()));
  // ties to even, in one rounding; the bits are those of numpy's own cast
  Eigen::VectorXd x(7);
  x << 1 + std::ldexp(1, -11), 1 + std::ldexp(1, -11) + std::ldexp(1, -40), 65519.999, 65520, std::ldexp(1, -25),
      std::ldexp(1, -25) + std::ldexp(1, -60), 3e-8;
  const std::string bytes = npy_bytes(NdArray::from_vector(x), {.dtype = "<f2"});
  EXPECT_EQ(bytes.substr(bytes.size() - 14), from_hex("003c013cff7b007c000001000100"));
}

TEST(Npy, WritesWhatNumpyWrites) {
  Eigen::MatrixXd m(2, 3);
  m << 1.5, -2, 3, 4, 5, 6.25;
  EXPECT_EQ(npy_bytes(NdArray::from_matrix(m), {.dtype = ">f4", .fortran_order = true}), from_hex(kBigEndianFortran));
}

TEST(Npy, EveryTypeOrderAndRankRoundTrips) {
  for (const char* dtype : {"|b1", "|i1", "<i2", ">i2", "<i4", ">i4", "<i8", ">i8", "|u1", "<u2", ">u2",  "<u4", ">u4",
                            "<u8", ">u8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "<c8", ">c8", "<c16", ">c16"}) {
    for (const bool fortran : {false, true}) {
      for (const auto& shape :
           std::vector<std::vector<std::size_t>>{{}, {5}, {3, 4}, {70, 33}, {2, 3, 4}, {2, 1, 3, 2}, {0, 3}}) {
        const auto count = static_cast<Eigen::Index>(element_count(shape, "test"));
        const bool is_complex = dtype[1] == 'c';
        const std::size_t modulus = dtype[1] == 'b' ? 2 : 101;
        Eigen::VectorXd re(count);
        for (Eigen::Index i = 0; i < count; ++i) re[i] = static_cast<double>(static_cast<std::size_t>(i) % modulus);
        const NdArray a =
            is_complex ? NdArray(shape, Eigen::VectorXcd(re.cast<std::complex<double>>() * std::complex<double>(1, -2)))
                       : NdArray(shape, re);
        const NdArray b = parse_npy(npy_bytes(a, {.dtype = dtype, .fortran_order = fortran}));
        EXPECT_EQ(b.shape(), a.shape());
        ASSERT_EQ(b.is_complex(), is_complex);
        if (is_complex) {
          EXPECT_TRUE(b.complex() == a.complex()) << dtype << fortran << a.shape_text();
        } else {
          EXPECT_TRUE(b.real() == a.real()) << dtype << fortran << a.shape_text();
        }
      }
    }
  }
}

TEST(Npy, RefusesWhatItsTypeCannotHold) {
  const auto write = [](double x, const char* dtype) {
    return error_of(
        [&] { (void)npy_bytes(NdArray({1}, Eigen::VectorXd(Eigen::VectorXd::Constant(1, x))), {.dtype = dtype}); });
  };
  EXPECT_EQ(write(40000, "<i2"), "the value 40000 (element 0) cannot be stored exactly as '<i2'");
  for (const auto& [x, dtype] : std::vector<std::pair<double, const char*>>{{-1, "|u1"},
                                                                            {0.5, "<i8"},
                                                                            {std::nan(""), "<i4"},
                                                                            {9223372036854775808.0, "<i8"},
                                                                            {18446744073709551616.0, "<u8"},
                                                                            {2, "|b1"}})
    EXPECT_THAT(write(x, dtype), HasSubstr("cannot be stored exactly")) << x << dtype;
  EXPECT_EQ(write(-9223372036854775808.0, "<i8"), "(nothing was thrown)");
  EXPECT_THAT(write(1, "<f3"), HasSubstr("elements of type '<f3' (unknown)"));
  EXPECT_THAT(error_of([&] { (void)npy_bytes(NdArray({1}, Eigen::VectorXcd(1)), {.dtype = "<f8"}); }),
              HasSubstr("use c8 or c16"));
}

TEST(Npy, BadFilesAreNamed) {
  const auto bad = [](std::string_view bytes) { return error_of([&] { (void)parse_npy(bytes, "a.npy"); }); };
  EXPECT_EQ(bad("x,y\n1,2\n"), "a.npy: this is not an NPY file (it does not begin with \\x93NUMPY)");
  EXPECT_EQ(bad(""), "a.npy: this is not an NPY file (it does not begin with \\x93NUMPY)");
  const std::string whole = npy("<f8", "False", "(2, 3)", std::string(96, '0'));
  EXPECT_EQ(bad("(nothing)").substr(0, 5), "a.npy");
  EXPECT_EQ(bad(whole), "(nothing was thrown)");
  for (std::size_t size = 6; size < 128; ++size)
    EXPECT_EQ(bad(std::string_view(whole).substr(0, size)), "a.npy: the file is cut off within its header") << size;
  EXPECT_EQ(bad(std::string_view(whole).substr(0, 170)),
            "a.npy: the file is cut off: (2, 3) elements of 8 bytes need 48 bytes, there are 42");
  EXPECT_THAT(bad(npy("|O", "False", "(1,)", "80")), HasSubstr("Python objects, which could run code when loaded"));
  EXPECT_THAT(bad(npy("<U5", "False", "(1,)", "80")), HasSubstr("(text)"));
  EXPECT_THAT(bad(npy("<f16", "False", "(1,)", "80")), HasSubstr("(extended precision)"));
  EXPECT_THAT(bad(npy("<M8[ns]", "False", "(1,)", "80")), HasSubstr("(dates or durations)"));
  EXPECT_THAT(bad(npy("<f8", "False", "(4611686018427387904, 4)", "80")), HasSubstr("is too large for this machine"));
  EXPECT_THAT(bad(npy("<f8", "Maybe", "(1,)", "80")), HasSubstr("the NPY header is damaged"));
  EXPECT_THAT(bad(npy("<f8", "False", "(-1,)", "80")), HasSubstr("the NPY header is damaged"));
  EXPECT_THAT(bad(npy("<f8", "False", "(1", "80")), HasSubstr("the NPY header is damaged"));
  std::string structured = npy("<f8", "False", "(1,)", "80");
  structured.replace(structured.find("'<f8'"), 5, "[('a'");
  EXPECT_THAT(bad(structured), HasSubstr("structured arrays"));
  std::string version = whole;
  version[6] = 4;
  EXPECT_THAT(bad(version), HasSubstr("NPY format version 4 is not known"));
}

// Any damage to the header gives an InputError or an array, never a crash.
TEST(Npy, DamagedHeadersNeverCrash) {
  const std::string whole = npy("<f8", "False", "(2, 3)", std::string(96, '0'));
  Stream stream(5, "npy-fuzz");
  for (int trial = 0; trial < 20000; ++trial) {
    std::string bytes = whole;
    for (int k = 0; k < 3; ++k) bytes[stream.below(128)] = static_cast<char>(stream.below(256));
    try {
      const NdArray a = parse_npy(bytes);
      EXPECT_LE(a.size(), 48u);
    } catch (const InputError& error) {
      EXPECT_STRNE(error.what(), "");
    }
  }
}

TEST(NdArrayTest, ViewsCheckTheirRank) {
  Eigen::MatrixXd m(2, 3);
  m << 1, 2, 3, 4, 5, 6;
  const NdArray a = NdArray::from_matrix(m);
  EXPECT_TRUE(a.matrix() == m);
  EXPECT_TRUE(a.reversed_axes().matrix() == m.transpose());
  EXPECT_THAT(error_of([&] { (void)a.vector(); }), HasSubstr("shape (2, 3) is no vector"));
  const NdArray v = NdArray::from_vector(Eigen::VectorXd(m.col(0)));
  EXPECT_EQ(v.matrix().cols(), 1);
  EXPECT_THAT(error_of([&] { (void)v.complex(); }), HasSubstr("complex is needed"));
  const NdArray c = NdArray::from_matrix(Eigen::MatrixXcd(m.cast<std::complex<double>>()));
  EXPECT_THAT(error_of([&] { (void)c.matrix(); }), HasSubstr("real is needed"));
  EXPECT_EQ(c.complex_matrix()(1, 2), 6.0);
  EXPECT_THAT(error_of([&] { (void)NdArray({2, 2}, Eigen::VectorXd(3)); }), HasSubstr("cannot hold 3 values"));
  EXPECT_THAT(error_of([&] { (void)NdArray({1, 2, 2}, Eigen::VectorXd(4)).matrix(); }), HasSubstr("is no matrix"));
}

TEST_F(NpyFile, RowsAreReadPieceByPiece) {
  const fs::path path = folder_ / "rows.npy";
  Eigen::MatrixXd values(5, 3);
  for (Eigen::Index i = 0; i < values.size(); ++i) values(i) = static_cast<double>(i) - 7.25;
  for (const bool fortran : {false, true}) {
    for (const char* dtype : {"<f8", "<f4", ">f4", "<f2"}) {
      write_npy(path, NdArray::from_matrix(values), {dtype, fortran});
      const NpyRows rows(path);
      ASSERT_EQ(rows.rows(), 5);
      ASSERT_EQ(rows.columns(), 3);
      Eigen::MatrixXd block(3, 2);
      rows.read(3, block);
      EXPECT_EQ(block, values.bottomRows(2).transpose()) << dtype << fortran;
      EXPECT_THROW(rows.read(4, block), Error);
      EXPECT_EQ(rows.rank(), 2u);
      const std::vector<Eigen::Index> picked{4, 1};
      Eigen::MatrixXd part(2, 2);
      rows.read_columns(picked, 1, part);
      EXPECT_EQ(part, values(std::vector<int>{4, 1}, std::vector<int>{1, 2})) << dtype << fortran;
      EXPECT_THROW(rows.read_columns(picked, 2, part), Error);
      EXPECT_THROW(rows.read_columns(std::vector<Eigen::Index>{0, 5}, 0, part), Error);
    }
  }
  write_npy(path, NdArray({2, 2, 3}, Eigen::VectorXd(Eigen::VectorXd::LinSpaced(12, 0, 11))));
  const NpyRows maps(path);
  EXPECT_EQ(maps.rows(), 2);
  EXPECT_EQ(maps.columns(), 6);
  Eigen::MatrixXd second(6, 1);
  maps.read(1, second);
  EXPECT_EQ(second, Eigen::VectorXd::LinSpaced(6, 6, 11));
  write_npy(path, NdArray::from_vector(Eigen::VectorXd::Ones(4)));
  EXPECT_THAT(error_of([&] { (void)NpyRows(path); }), HasSubstr("has no rows"));
}

TEST_F(NpyFile, NpzOfNumpyIsRead) {
  const auto path = write("a.npz", from_hex(kCompressedNpz));
  EXPECT_THAT(npz_names(path), ElementsAre("a", "b"));
  EXPECT_THAT(values(read_npz(path, "a")), ElementsAre(0, 1, 2));
  EXPECT_THAT(read_npz(path, "b").shape(), ElementsAre(1, 1));
  EXPECT_THAT(error_of([&] { (void)read_npz(path, "weights"); }),
              HasSubstr("a.npz: there is no array 'weights'; known: a, b"));
}

TEST_F(NpyFile, NpzRoundTripsStoredAndDeflated) {
  Stream stream(2, "npz");
  Eigen::VectorXd noise(300000);
  stream.fill_normal({noise.data(), static_cast<std::size_t>(noise.size())});
  const std::vector<std::pair<std::string, NdArray>> arrays = {
      {"noise", NdArray({300, 1000}, noise)},
      {"zeros", NdArray({400000}, Eigen::VectorXd(Eigen::VectorXd::Zero(400000)))},
      {"none", NdArray()}};
  for (const bool compress : {false, true}) {
    const auto path = folder_ / "b.npz";
    write_npz(path, arrays, compress);
    EXPECT_THAT(npz_names(path), ElementsAre("noise", "zeros", "none"));
    for (const auto& [name, array] : arrays) {
      const NdArray back = read_npz(path, name);
      EXPECT_EQ(back.shape(), array.shape());
      EXPECT_TRUE(back.real() == array.real());
    }
    EXPECT_EQ(fs::file_size(path) < 4000000, compress);
  }
}

TEST_F(NpyFile, DamagedArchivesAreNamedAndNeverCrash) {
  const std::string whole = from_hex(kCompressedNpz);
  const auto bad = [&](std::string_view bytes) {
    const auto path = write("bad.npz", bytes);
    return error_of([&] { (void)read_npz(path, "a"); });
  };
  EXPECT_THAT(bad("nothing"), HasSubstr("bad.npz: this is not a zip archive"));
  EXPECT_THAT(bad(whole.substr(0, 200)),
              HasSubstr("bad.npz: the zip archive is damaged or cut off (it has no directory)"));
  std::string flipped = whole;
  flipped[100] = static_cast<char>(flipped[100] ^ 0x10);
  EXPECT_THAT(bad(flipped), HasSubstr("bad.npz: the zip archive is damaged"));
  Stream stream(6, "zip-fuzz");
  for (int trial = 0; trial < 5000; ++trial) {
    std::string bytes = whole;
    for (int k = 0; k < 2; ++k) bytes[stream.below(bytes.size())] = static_cast<char>(stream.below(256));
    try {
      (void)ZipReader(bytes, "fuzz").read("a.npy");
    } catch (const InputError& error) {
      EXPECT_STRNE(error.what(), "");
    }
  }
}

// A hand-made zip64 archive: sizes and offset in the extra field, the directory behind the locator.
TEST_F(NpyFile, Zip64IsRead) {
  const auto le = [](std::uint64_t value, unsigned bytes) {
    std::string out;
    for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
    return out;
  };
  const std::string content = "123456789";  // whose CRC-32 is the published check value
  const std::string common =
      le(45, 2) + le(0, 2) + le(0, 2) + le(0, 4) + le(0xcbf43926, 4) + le(0xffffffff, 4) + le(0xffffffff, 4) + le(1, 2);
  const std::string local = le(0x04034b50, 4) + common + le(20, 2) + "x" + le(1, 2) + le(16, 2) + le(9, 8) + le(9, 8);
  const std::string central = le(0x02014b50, 4) + le(45, 2) + common + le(28, 2) + le(0, 6) + le(0, 4) +
                              le(0xffffffff, 4) + "x" + le(1, 2) + le(24, 2) + le(9, 8) + le(9, 8) + le(0, 8);
  const std::uint64_t start = local.size() + content.size();
  const std::string end64 = le(0x06064b50, 4) + le(44, 8) + le(45, 2) + le(45, 2) + le(0, 8) + le(1, 8) + le(1, 8) +
                            le(central.size(), 8) + le(start, 8);
  const std::string end = le(0x07064b50, 4) + le(0, 4) + le(start + central.size(), 8) + le(1, 4) + le(0x06054b50, 4) +
                          le(0, 4) + le(0xffff, 2) + le(0xffff, 2) + le(0xffffffff, 4) + le(0xffffffff, 4) + le(0, 2);
  const std::string archive = local + content + central + end64 + end;
  EXPECT_EQ(ZipReader(archive, "big.zip").read("x"), content);
}

}  // namespace
}  // namespace offprint::io
