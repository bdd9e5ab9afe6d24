#!/usr/bin/perl
# The command `powerbox` of a program in a box: what it holds, how it asks for more, how it hands on
# what it was given. Every verb is one request to http://powerbox.internal/, and what that answers
# is printed. Needs perl and its own Socket module, which are there wherever a box can be started.
use strict;
use warnings;
use Socket;

my $HELP = <<'END';
Usage: powerbox VERB

  grants                         what this box holds, and what it gave
  request POWER --because TEXT   ask the host for a power, such as 'GET https://api.example.com/v1/**'
            [--kind KIND] [--only RULE]... [--to NAME] [--wait SECONDS]
  request KIND TEXT --power POWER  the same
  answer ID [--wait SECONDS]     what became of a request
  inbox | sent                   letters
  send NAME TEXT [--reply-to ID] write to another guest, or to the host
  adopt ID NAME [PATH]           take a grant that came with a letter
  dismiss ID                     put a letter away
  grant POWER to NAME            hand on what you hold, narrowed
            [--only RULE]... [--budget uses=10]... [--for 2h] [--because TEXT] [--as PETNAME]
  revoke GRANT [--because TEXT]  take back what you gave
  guide                          all of it, for a program to read
  help

Answers are JSON. The exit status is 0 when it was done, 75 when it may work later, else 77.
END

sub fail { print STDERR "powerbox: $_[0]\n"; exit(defined $_[1] ? $_[1] : 64) }

# JSON of a text (RFC 8259 section 7); bytes above ASCII are UTF-8 already.
sub text {
    my $value = shift;
    $value =~ s/(["\\\x00-\x1f])/sprintf '\\u%04x', ord $1/ge;
    return qq("$value");
}

sub object {
    my @fields;
    while (@_) { my ($name, $value) = splice @_, 0, 2; push @fields, text($name) . ":$value" if defined $value }
    return '{' . join(',', @fields) . '}';
}

sub list { return @_ ? '[' . join(',', map { text($_) } @_) . ']' : undef }
sub maybe { return defined $_[0] ? text($_[0]) : undef }

# Flags take a value each; those named in the second list may be repeated.
sub flags {
    my ($single, $many, @words) = @_;
    my (%flag, @rest);
    while (@words) {
        my $word = shift @words;
        if ($word !~ /^--([a-z-]+)(?:=(.*))?$/s) { push @rest, $word; next }
        my ($name, $value) = ($1, $2);
        my $known = grep { $_ eq $name } @$single, @$many;
        fail("there is no flag --$name; see `powerbox help`") unless $known;
        $value = shift @words unless defined $value;
        fail("--$name needs a value") unless defined $value;
        if (grep { $_ eq $name } @$many) { push @{ $flag{$name} }, $value } else { $flag{$name} = $value }
    }
    return (\%flag, @rest);
}

sub ask {
    my ($method, $path, $body) = @_;
    my $address = inet_aton('powerbox.internal') or fail('powerbox.internal has no address', 69);
    socket(my $socket, PF_INET, SOCK_STREAM, 0) or fail("no socket: $!", 69);
    connect($socket, sockaddr_in(80, $address)) or fail("powerbox.internal does not answer: $!", 69);
    $body = '' unless defined $body;
    my $request = "$method $path HTTP/1.1\r\nhost: powerbox.internal\r\nconnection: close\r\n"
        . ($method eq 'GET' ? '' : "content-type: application/json\r\ncontent-length: " . length($body) . "\r\n")
        . "\r\n" . ($method eq 'GET' ? '' : $body);
    syswrite($socket, $request) == length $request or fail("the request was cut: $!", 69);
    my $answer = '';
    while (sysread($socket, my $piece, 65536)) { $answer .= $piece }
    my ($head, $content) = split /\r\n\r\n/, $answer, 2;
    my ($status) = ($head || '') =~ m{^HTTP/1\.1 (\d{3})} or fail('the answer was cut', 69);
    print $content;
    exit($status < 300 ? 0 : $status == 429 || $status == 503 ? 75 : 77);
}

sub id { my $id = shift; fail('name one by its id; see `powerbox help`') unless defined $id && $id =~ /^[A-Za-z0-9-]{1,64}$/; return $id }
sub wait_of { my $wait = shift; return '' unless defined $wait; fail('--wait takes seconds') unless $wait =~ /^\d{1,4}$/; return "?wait=$wait" }

my ($verb, @words) = @ARGV;
$verb = 'help' if !defined $verb || $verb eq '--help' || $verb eq '-h';

if ($verb eq 'help') { print $HELP; exit 0 }
if ($verb eq 'guide') { ask('GET', '/') }
if ($verb =~ /^(grants|inbox|sent)$/) { ask('GET', "/$1") }
if ($verb eq 'request') {
    my ($flag, @rest) = flags([qw(because kind to wait power)], ['only'], @words);
    if (defined $flag->{power}) { $flag->{kind} = shift @rest; $flag->{because} = join ' ', @rest; @rest = ($flag->{power}) }
    my $power = join ' ', @rest;
    fail('say which power, and --because what you need it for') unless length $power && defined $flag->{because};
    my $body = object(kind => text($flag->{kind} || 'http'), power => text($power), text => text($flag->{because}),
        to => maybe($flag->{to}), only => list(@{ $flag->{only} || [] }));
    ask('POST', '/requests' . wait_of($flag->{wait}), $body);
}
if ($verb eq 'answer') {
    my ($flag, $id) = flags(['wait'], [], @words);
    ask('GET', '/requests/' . id($id) . wait_of($flag->{wait}));
}
if ($verb eq 'send') {
    my ($flag, $to, @rest) = flags(['reply-to'], [], @words);
    fail('say to whom, and what') unless defined $to && @rest;
    ask('POST', '/mail', object(to => text($to), text => text(join ' ', @rest), replyTo => maybe($flag->{'reply-to'})));
}
if ($verb eq 'adopt') {
    my ($id, $name, $path) = @words;
    fail('say which letter, and which of its grants') unless defined $name;
    ask('POST', '/inbox/' . id($id) . '/adopt', object(name => text($name), path => maybe($path)));
}
if ($verb eq 'dismiss') { ask('POST', '/inbox/' . id($words[0]) . '/dismiss', '{}') }
if ($verb eq 'grant') {
    my ($flag, @rest) = flags([qw(for because as)], [qw(only budget)], @words);
    my ($power, $to) = @rest == 3 && $rest[1] eq 'to' ? @rest[0, 2] : @rest;
    fail('say POWER to NAME') unless defined $to;
    ask('POST', '/grants', object(power => text($power), to => text($to), only => list(@{ $flag->{only} || [] }),
        budget => list(@{ $flag->{budget} || [] }), expires => maybe($flag->{for}),
        reason => maybe($flag->{because}), as => maybe($flag->{as})));
}
if ($verb eq 'revoke') {
    my ($flag, $id) = flags(['because'], [], @words);
    ask('POST', '/revoke', object(grant => text(id($id)), reason => maybe($flag->{because})));
}
fail("there is no verb \"$verb\"; see `powerbox help`");
