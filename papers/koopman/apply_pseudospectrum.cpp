// pseudospectrum: res_N(z) on a grid of the reader's choice.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/koopman/certify.hpp"
#include "offprint/koopman/edmd.hpp"
#include "plane.hpp"
#include "problem.hpp"

namespace offprint::papers::koopman {

void pseudospectrum(Run& run) {
  const Options& o = run.options();
  const auto box = o.reals("box");
  if (box.size() != 4 || !(box[0] < box[1]) || !(box[2] < box[3]))
    throw InputError("--box must be re_min,re_max,im_min,im_max with each minimum below its maximum");
  const auto levels = o.reals("epsilon");
  for (const double level : levels)
    if (!(level > 0)) throw InputError(fmt::format("--epsilon has level {}: levels must be positive", level));
  const auto grid = lib::make_grid(o.real("grid"), box[0], box[1], box[2], box[3]);
  const Problem problem = prepare(run);
  if (problem.kernel)
    run.note(
        "kernel dictionary: residuals are those of the adjoint K* in the kernel's norm (z stands for conj z; for "
        "real data the figure is the same)");
  const auto compression = problem.kernel ? lib::kernel_compression(problem.train, problem.kernel_options).adjoint
                                          : compress_problem(run, problem);
  const lib::Pseudospectrum<double> residuals(compression);
  const Plane plane = residual_plane(run, residuals, grid);
  keep_plane(run, plane);
  run.artifact("pseudospectrum.csv", [&](const std::filesystem::path& path) {
    Eigen::MatrixXd all(static_cast<Index>(plane.residuals.size()), 3);
    for (std::size_t k = 0; k < plane.residuals.size(); ++k) {
      const auto z = plane.grid.point(k / plane.grid.columns, k % plane.grid.columns);
      all.row(static_cast<Index>(k)) << z.real(), z.imag(), plane.residuals[k];
    }
    io::write_csv(path, {"re", "im", "residual"}, all);
  });
  const auto coverage = lib::arc_coverage(residuals, grid, o.real("grid"), run.parallel());
  const auto [least, most] = std::minmax_element(plane.residuals.begin(), plane.residuals.end());
  run.metric("least_residual", *least);
  run.metric("largest_residual", *most);
  if (coverage.arc > 0) run.metric("coverage", coverage.supremum);

  Table table;
  table.title = "Level sets {z: res_N(z) < epsilon} on the grid";
  table.columns = {"epsilon", "grid points", "area"};
  for (const double level : levels) {
    const auto inside =
        std::count_if(plane.residuals.begin(), plane.residuals.end(), [&](double r) { return r < level; });
    table.rows.push_back({level, inside, static_cast<double>(inside) * o.real("grid") * o.real("grid")});
  }
  run.table("levels", table);

  ComplexPlane figure;
  figure.title = "Pseudospectrum";
  figure.caption = "res_N(z), the least residual of any function in the dictionary. Points: eigenvalues of EDMD.";
  figure.background = plane.field();
  figure.contours = levels;
  const auto e = lib::edmd(compression);
  PointGroup eigenvalues;
  eigenvalues.name = "eigenvalues";
  for (Index k = 0; k < e.values.size(); ++k) {
    const auto& z = e.values(k);
    if (z.real() < box[0] || z.real() > box[1] || z.imag() < box[2] || z.imag() > box[3]) continue;
    eigenvalues.x.push_back(z.real());
    eigenvalues.y.push_back(z.imag());
    eigenvalues.value.push_back(e.residuals(k));
  }
  if (!eigenvalues.x.empty()) figure.groups.push_back(std::move(eigenvalues));
  run.figure("pseudospectrum", Figure::complex_plane(figure));
}

}  // namespace offprint::papers::koopman
