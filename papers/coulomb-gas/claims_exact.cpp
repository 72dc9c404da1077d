// C1, C2, C4, C5, C7: the claims that exact finite-N values decide.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "offprint/coulomb/cumulants.hpp"
#include "offprint/coulomb/exact.hpp"
#include "offprint/coulomb/transfer.hpp"
#include "picture.hpp"

namespace offprint::papers::coulomb_gas {

using namespace coulomb;

namespace {

const RadialFunction& quadratic() {
  static const RadialFunction u("r^2/2");
  return u;
}

std::vector<double> ginibre(const RadialFunction& f, long n, int order, const Run& run) {
  return to_reduced(IndependentRadii(quadratic(), n).cumulants(f, order, run.parallel()), static_cast<double>(n), 2);
}

std::vector<double> row(const std::vector<std::vector<double>>& k, std::size_t q) {
  std::vector<double> out;
  for (const auto& at_n : k) out.push_back(at_n[q]);
  return out;
}

std::vector<Json> table_row(const std::string& f, double n, const std::vector<double>& k, std::size_t last) {
  std::vector<Json> cells{f, n};
  for (std::size_t q = 2; q <= last; ++q) cells.emplace_back(k[q]);
  return cells;
}

double slope_of(const std::vector<double>& n, const std::vector<double>& deviation) {
  std::vector<double> x;
  std::vector<double> y;
  for (std::size_t i = 0; i < n.size(); ++i) {
    x.push_back(std::log(n[i]));
    y.push_back(std::log(std::abs(deviation[i])));
  }
  return linear_fit(x, y).slope.value;
}

}  // namespace

Measurement c1(const Claim&, Run& run) { return measure_c1(run, {50, 100, 200, 400, 800, 1600, 3200}); }

Measurement measure_c1(Run& run, const std::vector<double>& sizes) {
  const std::size_t last = sizes.size() - 1;
  struct Case {
    const char* text;
    const char* name;
  };
  Measurement measured;
  Table table{"k_q* of the Ginibre gas, exact", {"f", "N", "k2*", "k3*", "k4*", "k5*", "k6*"}, {}};
  Table slopes{fmt::format("slope of log |k_q*(N) - k_q*| over log N, N = {:g}..{:g}", sizes.front(), sizes.back()),
               {"f", "q = 2", "3", "4", "5", "6"},
               {}};
  std::vector<ConvergenceCurve> curves;
  for (const Case& c : {Case{"r^3", "r3"}, Case{"r^4", "r4"}, Case{"exp(-r^2)", "gauss"}}) {
    const RadialFunction f(c.text);
    const auto leading = leading_cumulants<double>({2, quadratic()}, f, 6);
    std::vector<std::vector<double>> k;
    for (const double n : sizes) {
      k.push_back(ginibre(f, static_cast<long>(n), 6, run));
      table.rows.push_back(table_row(c.text, n, k.back(), 6));
    }
    table.rows.push_back({c.text, "limit", leading[2], leading[3], leading[4], leading[5], leading[6]});
    double worst = 0;
    double least = 1e9;
    double most = -1e9;
    std::vector<Json> cells{c.text};
    for (std::size_t q = 2; q <= 6; ++q) {
      const double extrapolated = 2 * k[last][q] - k[last - 1][q];
      worst = std::max(worst, std::abs(extrapolated / leading[q] - 1));
      auto deviation = row(k, q);
      for (double& d : deviation) d -= leading[q];
      const double slope = -slope_of(sizes, deviation);
      least = std::min(least, slope);
      most = std::max(most, slope);
      cells.emplace_back(-slope);
      if (q >= 3 && q <= 4) curves.push_back({fmt::format("{}, q = {}", c.text, q), sizes, row(k, q), leading[q]});
    }
    slopes.rows.push_back(std::move(cells));
    measured.set(fmt::format("worst_{}", c.name), worst);
    measured.set(fmt::format("slope_least_{}", c.name), least);
    measured.set(fmt::format("slope_most_{}", c.name), most);
  }
  run.table("cumulants", table);
  run.table("slopes", slopes);
  run.figure("convergence", convergence_figure("Cumulants of the Ginibre gas approach the formula", curves));
  return measured;
}

Measurement c2(const Claim&, Run& run) { return measure_c2(run, {80, 160, 320, 640, 1280}); }

Measurement measure_c2(Run& run, const std::vector<double>& sizes) {
  struct Case {
    const char* text;
    const char* name;
    std::array<double, 3> coefficient;  // of 1/(N beta), q = 2, 3, 4
  };
  constexpr std::array<Case, 2> kCases{{{"r^2", "r2", {4, 16, 96}}, {"r^3", "r3", {24, 432, 12442}}}};
  constexpr std::array<double, 3> kBetas{1, 2, 4};
  const std::size_t last = sizes.size() - 1;
  struct Job {
    std::size_t f, beta, n;
  };
  std::vector<Job> jobs;
  for (std::size_t f = 0; f < 2; ++f)
    for (std::size_t b = 0; b < 3; ++b)
      for (std::size_t n = 0; n < sizes.size(); ++n) jobs.push_back({f, b, n});
  const auto values = run.ensemble("line gas", jobs.size(), [&](std::size_t i) {
    const Job& job = jobs[i];
    const auto n = static_cast<long>(sizes[job.n]);
    return to_reduced(line_cumulants<double>(quadratic(), RadialFunction(kCases[job.f].text), n, kBetas[job.beta],
                                             job.n < last ? 6 : 4),
                      sizes[job.n], kBetas[job.beta]);
  });
  const auto at = [&](std::size_t f, std::size_t b, std::size_t n) -> const std::vector<double>& {
    return values[(f * 3 + b) * sizes.size() + n];
  };
  Measurement measured;
  Table table{
      "k_q* of the line gas, exact", {"f", "beta", "N", "k2*", "k3*", "k4*", "N beta (k2* - limit)", "k3*", "k4*"}, {}};
  std::vector<ConvergenceCurve> curves;
  for (std::size_t f = 0; f < 2; ++f) {
    const Case& c = kCases[f];
    const auto leading = leading_cumulants<double>({1, quadratic()}, RadialFunction(c.text), 6);
    double low = 0;
    double high = 0;
    double coefficients = 0;
    for (std::size_t b = 0; b < 3; ++b) {
      for (std::size_t q = 2; q <= 4; ++q) {
        low = std::max(low, std::abs((2 * at(f, b, last)[q] - at(f, b, last - 1)[q]) / leading[q] - 1));
        const double coefficient = sizes[last - 1] * kBetas[b] * (at(f, b, last - 1)[q] - leading[q]);
        coefficients = std::max(coefficients, std::abs(coefficient / c.coefficient[q - 2] - 1));
      }
      for (std::size_t q = 5; q <= 6; ++q)
        high = std::max(high, std::abs((2 * at(f, b, last - 1)[q] - at(f, b, last - 2)[q]) / leading[q] - 1));
      std::vector<double> third;
      for (std::size_t n = 0; n < sizes.size(); ++n) {
        const auto& k = at(f, b, n);
        third.push_back(k[3]);
        const double unit = sizes[n] * kBetas[b];
        table.rows.push_back({c.text, kBetas[b], sizes[n], k[2], k[3], k[4], unit * (k[2] - leading[2]),
                              unit * (k[3] - leading[3]), unit * (k[4] - leading[4])});
      }
      curves.push_back({fmt::format("{}, beta = {:g}", c.text, kBetas[b]), sizes, third, leading[3]});
    }
    measured.set(fmt::format("low_{}", c.name), low);
    measured.set(fmt::format("high_{}", c.name), high);
    measured.set(fmt::format("coefficient_{}", c.name), coefficients);
  }
  run.table("cumulants", table);
  run.figure("convergence", convergence_figure("Third cumulant of the gas on a line", curves));
  return measured;
}

Measurement c4(const Claim&, Run& run) {
  const std::vector<double> sizes{50, 100, 200, 400, 800, 1600};
  constexpr std::array kTexts{"r^2", "r^2+(1-r^2)^5/2", "r^2-(1-r^2)^5/2"};
  constexpr std::array kNames{"f0", "f+", "f-"};
  constexpr std::array<double, 6> kLimit{0, 0, 0, 4, 24, 192};
  Measurement measured;
  Table table{"Three functions alike at the edge", {"f", "N", "k2*", "k3*", "k4*", "k5*"}, {}};
  std::array<double, 6> worst{};
  bool shrinking = true;
  std::vector<double> second;
  std::vector<ConvergenceCurve> curves;
  for (std::size_t f = 0; f < kTexts.size(); ++f) {
    std::vector<std::vector<double>> k;
    for (const double n : sizes) {
      k.push_back(ginibre(RadialFunction(kTexts[f]), static_cast<long>(n), 5, run));
      table.rows.push_back(table_row(kNames[f], n, k.back(), 5));
    }
    for (std::size_t q = 3; q <= 5; ++q) {
      worst[q] = std::max(worst[q], std::abs(k[4][q] / kLimit[q] - 1));
      shrinking = shrinking && std::abs(k[5][q] - kLimit[q]) < std::abs(k[4][q] - kLimit[q]);
    }
    second.push_back(k[5][2]);
    curves.push_back({fmt::format("{}, q = 3", kNames[f]), sizes, row(k, 3), 4});
    curves.push_back({fmt::format("{}, q = 2", kNames[f]), sizes, row(k, 2), k[5][2]});
  }
  std::sort(second.begin(), second.end());
  measured.set("k2_apart", std::min(second[1] / second[0], second[2] / second[1]) - 1);
  measured.set("k3", worst[3]);
  measured.set("k4", worst[4]);
  measured.set("k5", worst[5]);
  measured.set_flag("shrinking", shrinking);
  run.table("cumulants", table);
  run.figure("edge", value_figure("Same edge, different bulk: the variances differ, the third cumulants do not", curves,
                                  "k_q*"));
  return measured;
}

Measurement c5(const Claim&, Run& run) {
  const std::vector<double> sizes{50, 100, 200, 400, 800};
  std::vector<double> third;
  Table table{"f = r^4 - 2 r^2: f' vanishes at the edge", {"N", "k2*", "k3*"}, {}};
  for (const double n : sizes) {
    const auto k = ginibre(RadialFunction("r^4-2*r^2"), static_cast<long>(n), 3, run);
    third.push_back(k[3]);
    table.rows.push_back({n, k[2], k[3]});
  }
  run.table("cumulants", table);
  Measurement measured;
  measured.set("slope", slope_of(sizes, third));
  measured.set("k3_800", third.back());
  return measured;
}

Measurement c7(const Claim&, Run& run) {
  const std::vector<double> sizes{100, 200, 400, 800, 1600, 3200, 6400};
  constexpr double kA = 0.5;
  const double second = kA / std::sqrt(M_PI);
  const double fourth = -0.0298331810 * kA;
  Measurement measured;
  Table table{"Charges within r < 0.5",
              {"N", "kappa_2/sqrt(N)", "kappa_3", "kappa_4/sqrt(N)", "smooth f = r^2: kappa_2", "kappa_4"},
              {}};
  std::vector<double> k2;
  std::vector<double> k4;
  for (const double n : sizes) {
    const IndependentRadii gas(quadratic(), static_cast<long>(n));
    const auto k = gas.counting_cumulants(kA, 4, run.parallel());
    const auto smooth = quadratic_cumulants(static_cast<long>(n), 2, 4);
    table.rows.push_back({n, k[2] / std::sqrt(n), k[3], k[4] / std::sqrt(n), smooth[2], smooth[4]});
    k2.push_back(k[2]);
    k4.push_back(-k[4]);
    if (n != 1600) continue;
    measured.set("k2", std::abs(k[2] / std::sqrt(n) / second - 1));
    measured.set("k4", std::abs(k[4] / std::sqrt(n) / fourth - 1));
    measured.set("k3", k[3]);
  }
  measured.set("slope", slope_of(sizes, k2));
  run.table("counting", table);
  run.figure("counting", counting_figure(sizes, k2, k4, second, -fourth));
  return measured;
}

}  // namespace offprint::papers::coulomb_gas
