#include "offprint/core/checkpoint.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "offprint/core/archive.hpp"
#include "offprint/core/error.hpp"

namespace offprint {
namespace {

class CheckpointTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void spoil(const std::filesystem::path& path, std::streamoff at) const {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const char byte = static_cast<char>(file.get() ^ 0x40);
    file.seekp(at);
    file.put(byte);
  }
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("offprint-checkpoint-" + std::to_string(getpid()));
  std::filesystem::path path_ = folder_ / "state.ckpt";
};

TEST_F(CheckpointTest, KeepsTheNewestAndTheOneBefore) {
  const CheckpointFile file(path_);
  EXPECT_FALSE(file.load());
  file.save("one");
  file.save("two");
  EXPECT_EQ(file.load()->bytes, "two");
  EXPECT_FALSE(file.load()->from_previous);
  std::filesystem::remove(path_);  // as a kill between the two renames leaves it
  EXPECT_EQ(file.load()->bytes, "one");
  EXPECT_TRUE(file.load()->from_previous);
}

TEST_F(CheckpointTest, EveryDamagedByteIsNoticed) {
  const CheckpointFile file(path_);
  file.save("first state");
  file.save("second state");
  const auto size = static_cast<std::streamoff>(std::filesystem::file_size(path_));
  for (std::streamoff at = 0; at < size; ++at) {
    if (at >= 8 && at < 12) continue;  // the format version has an answer of its own
    spoil(path_, at);
    const auto loaded = file.load();
    EXPECT_EQ(loaded->bytes, "first state") << "byte " << at;
    EXPECT_FALSE(loaded->damage.empty());
    spoil(path_, at);
  }
  EXPECT_EQ(file.load()->bytes, "second state");
}

TEST_F(CheckpointTest, CutOffAndEmptyFilesFallBack) {
  const CheckpointFile file(path_);
  file.save("first");
  file.save("second");
  std::filesystem::resize_file(path_, 26);
  EXPECT_EQ(file.load()->bytes, "first");
  std::filesystem::resize_file(path_, 0);
  EXPECT_EQ(file.load()->bytes, "first");
}

TEST_F(CheckpointTest, BothDamagedOrNewerIsAnError) {
  const CheckpointFile file(path_);
  file.save("a");
  file.save("b");
  spoil(path_, 24);
  spoil(path_.string() + ".previous", 24);
  EXPECT_THROW((void)file.load(), IoError);
  file.save("c");
  std::fstream newer(path_, std::ios::in | std::ios::out | std::ios::binary);
  newer.seekp(8);
  newer.put(9);
  newer.close();
  EXPECT_THROW((void)file.load(), IoError);
}

struct State {
  int step = 0;
  std::vector<double> values;
  std::map<std::string, std::optional<double>> named;
  std::pair<bool, std::string> pair;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(step, values, named, pair);
  }
  bool operator==(const State&) const = default;
};

TEST(Archive, RoundTripAndRefusal) {
  const State state{7, {1.5, -0.0, 1e300}, {{"a", 1.0}, {"b", std::nullopt}}, {true, "text"}};
  const auto bytes = to_bytes(state);
  EXPECT_EQ(from_bytes<State>(bytes), state);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_THROW((void)from_bytes<State>(bytes.substr(0, n)), IoError) << n;
  EXPECT_THROW((void)from_bytes<State>(bytes + "x"), IoError);
  EXPECT_THROW((void)from_bytes<std::vector<double>>(std::string(8, '\xff')), IoError) << "a length beyond the data";
}

}  // namespace
}  // namespace offprint
