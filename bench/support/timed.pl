#!/usr/bin/perl
# Runs a program and prints, as JSON, what it took: {"wallMs","cpuMs","status"}. Wall is until the
# program itself has ended; CPU is of everything it started as well, also what outlives it: this
# process is made the parent of orphans (PR_SET_CHILD_SUBREAPER) and waits for all of them.
#
#   timed.pl FOLDER PROGRAM ARGUMENT...
use strict;
use warnings;
use POSIX ();
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my ($folder, @program) = @ARGV;
my ($prctl, $getrusage) = (POSIX::uname())[4] eq 'aarch64' ? (167, 165) : (157, 98);
syscall($prctl, 36, 1, 0, 0, 0);
chdir $folder or die "$folder: $!";
my $start = clock_gettime(CLOCK_MONOTONIC);
my $child = fork // die "fork: $!";
if ($child == 0) {
    open STDIN, '<', '/dev/null';
    open STDOUT, '>', '/dev/null';
    open STDERR, '>', '/dev/null' unless $ENV{BENCH_DEBUG};
    exec { $program[0] } @program or exit 127;
}
waitpid $child, 0;
my $wall = clock_gettime(CLOCK_MONOTONIC) - $start;
my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
1 while waitpid(-1, 0) > 0;
my $usage = "\0" x 144;
syscall($getrusage, -1, $usage);
my ($user, $userMicro, $system, $systemMicro) = unpack 'q4', $usage;
my $cpu = ($user + $system) * 1000 + ($userMicro + $systemMicro) / 1000;
printf qq({"wallMs":%.3f,"cpuMs":%.3f,"status":%d}\n), $wall * 1000, $cpu, $status;
