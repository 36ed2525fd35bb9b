// The two halves of the program from_asynq.
#pragma once

#include <string>

#include <windlass/windlass.hpp>

// Prints a line; any thread may.
void say(const std::string& line);

// Prints what restOfTheAPI of from_asynq/rest.go prints.
windlass::Status rest_of_the_api(const std::string& url);
