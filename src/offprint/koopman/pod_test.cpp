#include "offprint/koopman/pod.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"

namespace offprint::koopman {
namespace {

using Eigen::MatrixXd;
using testing::HasSubstr;

// T x d of exact rank 3, in two parts.
Trajectories rank_three(Index t, Index d) {
  MatrixXd left(t, 3);
  MatrixXd right(3, d);
  Stream stream(2, "pod");
  for (Index i = 0; i < left.size(); ++i) left.data()[i] = stream.normal();
  for (Index i = 0; i < right.size(); ++i) right.data()[i] = stream.normal();
  const MatrixXd x = left * right;
  Trajectories out;
  out.parts = {x.topRows(t / 3), x.bottomRows(t - t / 3)};
  return out;
}

TEST(Pod, ReproducesLowRankDataTallAndWide) {
  for (const auto& [t, d] : std::vector<std::pair<Index, Index>>{{60, 8}, {20, 5000}}) {
    const auto data = rank_three(t, d);
    const auto p = pod(data, 3);
    EXPECT_LT((p.modes.transpose() * p.modes - MatrixXd::Identity(3, 3)).norm(), 1e-12);
    EXPECT_NEAR(p.energy, 1.0, 1e-12);
    const auto c = p.project(data);
    ASSERT_EQ(c.parts.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i)
      EXPECT_LT((p.reconstruct(c.parts[i]) - data.parts[i]).norm(), 1e-11 * data.parts[i].norm());
    EXPECT_EQ(c.columns[2], "pod3");
  }
}

TEST(Pod, TheTwoMethodsAgreeAndThreadsDoNotMatter) {
  auto data = rank_three(40, 41);  // wide by one
  Stream stream(4, "noise");
  for (auto& part : data.parts)
    for (Index i = 0; i < part.size(); ++i) part.data()[i] += 0.1 * stream.normal();
  PodOptions options;
  options.remove_mean = true;
  const auto wide = pod(data, 5, options);
  MatrixXd all(40, 41);
  all << data.parts[0], data.parts[1];
  const MatrixXd centred = all.rowwise() - all.colwise().mean();
  const Eigen::VectorXd energies = (centred.transpose() * centred * wide.modes).colwise().norm().transpose();
  for (Index j = 0; j < 5; ++j) EXPECT_NEAR(std::sqrt(energies(j)), wide.singular_values(j), 1e-9);
  options.parallel.threads = 3;
  EXPECT_EQ(pod(data, 5, options).modes, wide.modes);
}

TEST(Pod, RefusesRanksTheDataDoNotHave) {
  for (const auto& [t, d] : std::vector<std::pair<Index, Index>>{{60, 8}, {20, 500}}) {
    const auto data = rank_three(t, d);
    try {
      (void)pod(data, 5);
      FAIL();
    } catch (const InputError& e) {
      EXPECT_THAT(e.what(), HasSubstr("--rank 5 exceeds the data's rank 3"));
    }
  }
  EXPECT_THROW((void)pod(rank_three(10, 4), 0), InputError);
}

}  // namespace
}  // namespace offprint::koopman
