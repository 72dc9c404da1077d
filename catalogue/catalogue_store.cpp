// Cards and feed items in catalogue.sqlite.
#include "catalogue/catalogue_store.hpp"

#include <cctype>

namespace offprint::catalogue {

std::string normalised_title(std::string_view title) {
  std::string out;
  for (const char c : title) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u) != 0 || u >= 0x80) {
      out += static_cast<char>(std::tolower(u));
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace offprint::catalogue
