// The addresses of the page, a function for each group.
#pragma once

#include "page/server/router.hpp"
#include "page/server/services.hpp"

namespace offprint::page {

void add_paper_routes(Router& router, Services& services);  // papers, days, categories, trending, search, votes
void add_run_routes(Router& router, Services& services);    // runs, their figures, tables and files, comparison
void add_job_routes(Router& router, Services& services);    // jobs, their events
void add_file_routes(Router& router, Services& services);   // uploads, allowed folders
void add_about_routes(Router& router, Services& services);  // health, description, session, edition
void add_mail_routes(Router& router, Services& services);   // subscriptions, feeds given out

}  // namespace offprint::page
