// How much is taken from outside. What is longer is cut, what is more is left out, and what is larger is refused.
#pragma once

#include <cstddef>

namespace offprint::catalogue::limits {

// in code points
inline constexpr std::size_t kTitle = 1000;
inline constexpr std::size_t kAbstract = 20000;
inline constexpr std::size_t kName = 200;  // of an author
inline constexpr std::size_t kCategory = 40;
inline constexpr std::size_t kDoi = 200;
inline constexpr std::size_t kVenue = 1000;

inline constexpr std::size_t kAuthors = 2000;
inline constexpr std::size_t kCategories = 40;
inline constexpr std::size_t kItems = 10000;  // of one document; arXiv gives at most 2,000 a page

inline constexpr std::size_t kDocument = std::size_t{64} << 20;  // bytes of an answer or a file
inline constexpr int kJsonDepth = 64;
inline constexpr int kXmlDepth = 256;

inline constexpr std::size_t kQuery = 2000;  // bytes of a search
inline constexpr std::size_t kQueryTerms = 32;

}  // namespace offprint::catalogue::limits
