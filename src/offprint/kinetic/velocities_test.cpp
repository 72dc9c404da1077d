#include "offprint/kinetic/velocities.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"

namespace offprint::kinetic {
namespace {

class Velocities : public testing::Test {
 protected:
  std::string file(const std::string& text) const {
    const auto path = std::filesystem::path(testing::TempDir()) /
                      (std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + "_velocities.csv");
    std::ofstream(path) << text;
    return path.string();
  }
};

TEST_F(Velocities, AreFoundByTheirColumnsNames) {
  const auto table =
      read_velocities(file("id,vy,vx,t\n1,2,1,0.5\n2,4,3,0.5\n3,6,8,1\n"), {.dimension = 2, .time = "t"});
  EXPECT_EQ(table.velocities, (Eigen::MatrixXd(3, 2) << 1, 2, 3, 4, 8, 6).finished());
  EXPECT_EQ(table.times, Eigen::Vector3d(0.5, 0.5, 1));
}

TEST_F(Velocities, WithoutNamesAreTakenInOrder) {
  const auto table = read_velocities(file("1 2 3\n4 5 6\n"));
  EXPECT_EQ(table.velocities, (Eigen::MatrixXd(2, 3) << 1, 2, 3, 4, 5, 6).finished());
  EXPECT_EQ(table.times.size(), 0);
}

TEST_F(Velocities, SayWhatIsMissing) {
  try {
    (void)read_velocities(file("vx,vy\n1,2\n"));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("no column vz; its columns are vx, vy"));
  }
  EXPECT_THROW((void)read_velocities(file("1 2\n3 4\n")), InputError);
  EXPECT_THROW((void)read_velocities(file("vx,vy,vz\n1,nan,3\n")), InputError);
  EXPECT_THROW((void)read_velocities(file("vx,vy,vz\n1,2,3\n"), {.dimension = 4}), InputError);
}

TEST(VelocityMoments, OfFourParticles) {
  const auto moments = velocity_moments((Eigen::MatrixXd(4, 2) << 1, 0, 3, 0, 2, 2, 2, -2).finished());
  EXPECT_EQ(moments.mean, Eigen::Vector2d(2, 0));
  EXPECT_EQ(moments.pressure, (Eigen::Matrix2d() << 0.5, 0, 0, 2).finished());
  EXPECT_DOUBLE_EQ(moments.temperature, 1.25);
  EXPECT_THROW((void)velocity_moments(Eigen::MatrixXd(0, 3)), InputError);
}

}  // namespace
}  // namespace offprint::kinetic
