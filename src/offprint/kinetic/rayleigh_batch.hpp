// Internal: the particles of one batch while they run, shared by the driver and the vector loops.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "offprint/kinetic/rayleigh_process.hpp"

namespace offprint::kinetic::detail {

/// Everything the loops read, as plain numbers. Internal time unit: 1/K (if K > 0), so `rate` is C/K and shear 0 or 1.
struct LoopTables {
  double a = 0, rate = 1, shear = 1, factor = 1;
  double bound = 1;      // S
  double switch2 = 900;  // |w|^2 at which a particle leaves the thermal zone
  bool point_background = false;
  double log_absorbed = 0;           // ln|w| at which a path of the point background is given up
  const double* cubic = nullptr;     // lambda
  const double* envelope = nullptr;  // of the partner
  double envelope_last = 0;          // index of its last cell
  double tail[4] = {0, 0, 0, 0};
  const double* forward = nullptr;  // J
  const double* inverse = nullptr;
  double forward_last = 0, inverse_last = 0;  // index of the last piece
  double s_end = 0, limit = 0, offset = 0, scale = 0;
  int angular = 0;  // 0 uniform, 1 cosine, 2 table
  const double* quantiles = nullptr;
  double quantile_last = 0;  // number of intervals
  std::uint32_t key0 = 0, key1 = 0;
};

/// One batch. In the thermal zone v is the velocity and `time` t; in the flight zone v is the direction, `log_speed`
/// ln|w| and `time` ln t.
class Batch {
 public:
  Batch(const LoopTables& tables, const RayleighProcess::Options& options, const std::vector<double>& log_times,
        RayleighObservations& out);

  std::vector<double> v1, v2, v3, log_speed, time;
  std::vector<double> count;                   // collisions so far
  std::vector<std::uint64_t> block;            // Philox blocks consumed
  std::vector<std::uint32_t> thermal, flight;  // particles waiting for either loop

  [[nodiscard]] std::uint64_t stream_index(std::uint32_t i) const { return first_ + i; }
  /// The particle's next observation time, in internal units; infinite after the last.
  [[nodiscard]] double next_time(std::uint32_t i) const { return times_[next_[i]]; }
  [[nodiscard]] double next_log_time(std::uint32_t i) const { return log_times_[next_[i]]; }

  /// Records what lies in a flight from `t0` to `t1` that began at w. Returns whether the particle is through.
  bool observe_thermal(std::uint32_t i, double w1, double w2, double w3, double t0, double t1, double collisions);
  /// The same in log-space: direction d, ln|w| = l, ln t from tau0 to tau1.
  bool observe_flight(std::uint32_t i, double d1, double d2, double d3, double l, double tau0, double tau1,
                      double collisions);
  void absorb(std::uint32_t i);
  void add_event(std::uint32_t i, double log_time, double log_w, double log_w2);
  [[nodiscard]] bool records_events() const { return record_events_; }

 private:
  void put(std::uint32_t i, double log_w2, double log_w3, double lag, bool n2, bool n3, double collisions);

  std::uint64_t first_;
  bool record_events_;
  bool sheared_;
  std::vector<double> log_times_;  // internal, one more: infinity
  std::vector<double> times_;
  std::vector<std::uint32_t> next_;
  RayleighObservations& out_;
};

/// Runs the waiting particles of one zone until none waits there (rayleigh_thermal.cpp, rayleigh_flight.cpp).
void run_thermal(const LoopTables& tables, Batch& batch);
void run_flight(const LoopTables& tables, Batch& batch);
[[nodiscard]] const char* loop_instruction_set();
/// Velocities of particles first, first + 1, ... of a thermal start, as many as the spans hold (rayleigh_thermal.cpp).
void thermal_velocities(const StartLaw::Thermal& law, std::uint64_t first, std::span<double> v1, std::span<double> v2,
                        std::span<double> v3);

}  // namespace offprint::kinetic::detail
