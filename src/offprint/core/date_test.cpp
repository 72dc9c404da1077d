#include "offprint/core/date.hpp"

#include <gtest/gtest.h>

namespace offprint {
namespace {

TEST(Date, DaysOfTheCalendarOnly) {
  EXPECT_EQ(format_date(*parse_date("2025-07-31")), "2025-07-31");
  EXPECT_EQ(format_date(*parse_date("2024-02-29")), "2024-02-29");
  for (const char* wrong :
       {"2025-02-29", "2025-13-01", "2025-00-10", "2025-7-31", "25-07-31", "2025-07-31 ", "", "2025-07", "2025/07/31"})
    EXPECT_FALSE(parse_date(wrong)) << wrong;
}

TEST(Date, InstantsWithFractionsAndOffsets) {
  EXPECT_EQ(format_time(*parse_time("2024-07-08T17:59:59Z")), "2024-07-08T17:59:59Z");
  EXPECT_EQ(format_time(*parse_time("2024-07-08T17:59:59.123Z")), "2024-07-08T17:59:59Z");
  EXPECT_EQ(format_time(*parse_time("2024-07-08T01:30:00+02:00")), "2024-07-07T23:30:00Z");
  EXPECT_EQ(format_time(*parse_time("2024-07-08T23:30:00-04:00")), "2024-07-09T03:30:00Z");
  EXPECT_EQ(format_time(*parse_time("2024-07-08")), "2024-07-08T00:00:00Z");
  for (const char* wrong : {"2024-07-08T", "2024-07-08T24:00:00Z", "2024-07-08T17:59:59", "2024-07-08T17:59Z",
                            "2024-07-08T17:59:59Zx", "2024-07-08T17:59:59+2:00"})
    EXPECT_FALSE(parse_time(wrong)) << wrong;
}

}  // namespace
}  // namespace offprint
