//! Keys of other tools.

use crate::scenario::grammar::kind::ValueKind as K;

/// Where a key is written, the words for it in other tools, and what to write instead.
type Row = (&'static [K], &'static str, &'static str);

/// Note: where the address of a request is.
pub(crate) const ADDRESS: &str = "write the address after the action: - get: /path";
const BODY: &str = "use json: { … } for JSON, form: { … } for form fields, or body: \"…\" for other text";
const EXPECT: &str = "use expect: { status: 200 }";
const CAPTURE: &str = "use capture: { id: $.id }";
const PAUSE: &str = "use a separate step: - wait: 3s";
const BETWEEN: &str = "use wait_time: between(1s, 3s), or a step - wait: 3s";
const HOST: &str = "use host: https://shop.example.com";
const USERS: &str = "use users: 10";
const STAGES: &str = "use shape: { stages: [{ duration: 1m, users: 10 }] }";
const RATE: &str = "use arrivals: { rate: 50/s }";
const TASKS: &str = "use tasks: [{ steps: [{ get: / }] }]";
const STEPS: &str = "use steps: [{ get: / }]";
const DATA: &str = "use data: { accounts: { file: accounts.csv } }; templates read it as {{ accounts.email }}";
const SCRIPT: &str =
    "scripts are not supported; use templates in values, and the steps `set`, `if`, `while` and `call`";
const INSECURE: &str = "use tls: { insecure: true }";
const AUTH: &str = "use auth: { bearer: TOKEN } or auth: { basic: { username: ada, password: … } }";
const REDIS_URL: &str = "use url: redis://user:password@localhost:6379/0";

const KEYS: &[Row] = &[
    // The file.
    (
        &[K::Scenario],
        "vus maxvus virtualusers concurrency concurrentusers threads numthreads clients usercount numusers numberofusers workers atonceusers constantusers constantvus",
        USERS,
    ),
    (&[K::Scenario], "duration time testduration length maxduration runfor timelimit", "use run_time: 1m"),
    (
        &[K::Scenario],
        "iterations loops loopcount maxiterations maxrequests repeat",
        "a run ends after run_time: 1m; a user ends with a step - stop: user",
    ),
    (
        &[K::Scenario],
        "rampup ramp rampupperiod rampuptime rampusers hatchrate startrate",
        "use spawn_rate: 5, which is users started per second, or shape: { stages: [{ duration: 1m, users: 10 }] }",
    ),
    (
        &[K::Scenario],
        "arrivalrate arrivalcount rate rps qps throughput constantarrivalrate rampingarrivalrate constantuserspersec",
        RATE,
    ),
    (&[K::Scenario], "stages phases phase executor load loadprofile rampingvus", STAGES),
    (&[K::Scenario], "target baseurl base url server servers hostname origin endpoint domain", HOST),
    (
        &[K::Scenario],
        "scenarios scenario flow requests request steps jobs workflow workflows tests test testplan item items collection journeys transactions run exec main",
        TASKS,
    ),
    (&[K::Scenario], "config options settings", "write its keys at the top level: host, users, run_time"),
    (
        &[K::Scenario],
        "env environment environments",
        "templates read environment variables as {{ env.NAME }}; other values are in vars: { NAME: value }",
    ),
    (&[K::Scenario], "variables variable globals globalvars parameters params", "use vars: { id: 1 }"),
    (
        &[K::Scenario],
        "payload csv feeder feeders feed dataset datasets datafile datafiles csvdataset sharedarray files datasources",
        DATA,
    ),
    (&[K::Scenario], "before setup beforescenario init login onstartup", "use on_start: [{ get: / }]"),
    (&[K::Scenario], "after teardown afterscenario cleanup onend", "use on_stop: [{ get: / }]"),
    (&[K::Scenario, K::Class, K::Task], "think thinktime sleep pause delay wait minwait maxwait pacing timer", BETWEEN),
    (
        &[K::Scenario],
        "ensure check checks criteria assertions assert sla slo slos passfail failcriteria",
        "use thresholds: [p95 < 400ms, fail_ratio < 1%]",
    ),
    (&[K::Scenario], "output outputs out reporting reporters summary results", "use report: { html: report.html }"),
    (&[K::Scenario], "on plugins engines processor scripts extensions ext imports modules", SCRIPT),
    (&[K::Scenario], "version apiversion kind metadata info schemaversion", "a scenario has no version: remove it"),
    (
        &[K::Scenario],
        "$schema schema",
        "name it in a comment in the first line: # yaml-language-server: $schema=katydid.schema.json",
    ),
    (&[K::Scenario], "tag tags weight", "write it in the tasks"),
    (
        &[K::Scenario],
        "class classes userclass httpuser fasthttpuser",
        "use user_classes: { Shopper: { tasks: [{ steps: [{ get: / }] }] } }",
    ),
    (&[K::Scenario], "extends import dependson", "use include: [common.yaml]"),
    // Tasks and classes.
    (&[K::Task], "flow flows request requests do actions action sequence run script exec tasks item", STEPS),
    (
        &[K::Task],
        "probability ratio percent percentage share freq frequency",
        "use weight: 3, relative to the other tasks",
    ),
    (&[K::Task, K::Step], "title label id displayname description", "use name: browse"),
    (
        &[K::Task, K::Step],
        "repeats repeat loop times count iterations loopcount",
        "use a step that contains the steps to repeat: - repeat: 3, with steps below it",
    ),
    (
        &[K::Task],
        "users vus",
        "users belong to the file, or to a class: user_classes: { Shopper: { users: 5, tasks: [{ steps: [{ get: / }] }] } }",
    ),
    (&[K::Class], "host baseurl url", "all classes use the top-level `host`; a step can have a complete URL"),
    (&[K::Class], "steps flow requests exec", TASKS),
    (&[K::Class], "vus instances count number userscount", "use fixed_count: 5, or weight: 1"),
    // Load.
    (&[K::Stage], "target vus userstarget arrivalcount maxvus count", "use users: 100, or rate: 50/s"),
    (&[K::Stage], "time length for hold runtime pause", "use duration: 1m"),
    (&[K::Stage], "arrivalrate rampto rps", "use rate: 50/s, which is reached at the end of the stage"),
    (
        &[K::Stage],
        "rampup ramprate hatchrate",
        "use users: 100, which is reached at the end of the stage, or spawn_rate: 5",
    ),
    (&[K::Arrivals, K::Shape], "preallocatedvus maxvus vus users", "use max_users: 1000"),
    (&[K::Arrivals], "timeunit per", "write the unit into the rate: rate: 50/s, or rate: 600/m"),
    (
        &[K::Arrivals],
        "duration startrate runtime",
        "use run_time: 5m at the top, or stages: [{ duration: 1m, rate: 50/s }] here",
    ),
    (&[K::ThresholdFull], "metric condition threshold expression expr rule", "use check: p95 < 400ms"),
    (&[K::ThresholdFull], "abortonfail stop fail failfast", "use abort: true"),
    (&[K::ThresholdFull], "delayaborteval window period", "use for: 30s, or over: 30s for a sliding window"),
    (&[K::ThresholdFull], "name url request tag tags", "use on: \"POST /api/checkout\", or on: { tags: [read] }"),
    (&[K::ThresholdFull], "level severity", "use warn: true for a threshold that does not fail the run"),
    (&[K::OnFull], "request url path endpoint row", "use name: \"POST /api/checkout\""),
    // Requests.
    (&[K::Step], "url path uri request http endpoint address href", ADDRESS),
    (&[K::Step], "method verb", "write the method as the action: - post: /path"),
    (&[K::Step], "data payload content requestbody postdata raw rawbody bodytext", BODY),
    (
        &[K::Step],
        "formdata multipart multipartformdata upload uploads attachments urlencoded",
        "use form: { … } for fields, and files: { photo: photo.jpg } for an upload",
    ),
    (&[K::Step], "params queryparams queryparam querystring qs parameters urlparams", "use query: { page: 1 }"),
    (
        &[K::Step, K::Defaults],
        "cookie cookies",
        "cookies that the server sets are kept; others are a header: headers: { Cookie: \"a=1\" }",
    ),
    (&[K::Step], "think thinktime sleep pause delay timer waittime", PAUSE),
    (&[K::Step], "foreach", "use a step that contains steps: - for_each: [1, 2], with as: n and steps below it"),
    (
        &[K::Step],
        "assert asserts assertion assertions check checks validate validations ensure test tests expectations match status statuscode code expectstatus expectedstatus responsecode",
        EXPECT,
    ),
    (&[K::Step], "extract extractor extractors save saveas store register export exports outputs output", CAPTURE),
    (&[K::Step], "vars variables let assign", "use a separate step: - set: { id: 1 }"),
    (
        &[K::Step],
        "script js javascript exec function code beforerequest afterresponse prerequest prerequestscript catchresponse eval",
        SCRIPT,
    ),
    (&[K::Step], "run uses shell", "a step is a request, or another action of katydid: - get: /path"),
    (&[K::Step], "weight", "write it in the task"),
    (&[K::Step], "ifTrue condition onlyif unless skip", "use when: total > 100"),
    (
        &[K::Step],
        "retry retries maxretries",
        "a failed request is not repeated; use a step - while: EXPRESSION, with limit: 3 and steps below it",
    ),
    (
        &[K::Step, K::Defaults],
        "verify insecure insecureskipverify insecureskiptlsverify rejectunauthorized skiptlsverify sslverify skipssl",
        INSECURE,
    ),
    (
        &[K::Step, K::Defaults],
        "redirect redirects allowredirects maxredirects followredirect",
        "use follow_redirects: false",
    ),
    (&[K::Step, K::Defaults], "username password user basic basicauth bearer token authorization authentication", AUTH),
    (&[K::Step, K::Defaults], "requesttimeout timeoutms maxtime", "use timeout: 10s"),
    (&[K::Defaults], "host baseurl url target", "write it at the top level: host: https://shop.example.com"),
    (&[K::AuthFull], "token jwt accesstoken apikey oauth oauth2 type scheme", "use auth: { bearer: TOKEN }"),
    (&[K::AuthFull], "user username pass password login", "use auth: { basic: { username: ada, password: … } }"),
    (&[K::Basic], "user login name email", "use username: ada"),
    (&[K::Basic], "pass pwd secret", "use password: …"),
    (
        &[K::Tls],
        "verify insecureskipverify rejectunauthorized skipverify selfsigned allowselfsigned",
        "use insecure: true",
    ),
    (&[K::Tls], "cacert cafile cacerts truststore", "use ca: ca.pem"),
    (&[K::Tls], "clientcert crt certificate certfile pfx keystore", "use cert: client.pem and key: client.key"),
    (&[K::Tls], "clientkey keyfile privatekey", "use key: client.key"),
    (
        &[K::Tls],
        "passphrase keypassword password",
        "keys with a password are not supported: openssl pkey -in locked.key -out client.key removes it",
    ),
    // Data.
    (&[K::DataFile], "path filename source csv url src", "use file: accounts.csv"),
    (
        &[K::DataFile],
        "fields columns header headers variablenames names",
        "the first line of the file names the columns",
    ),
    (&[K::DataFile], "strategy mode circular queue random shuffle", "use order: sequential, random or shuffle"),
    (&[K::DataFile], "recycle recycleoneof loop stopthread eof", "use on_end: recycle, or on_end: stop"),
    (&[K::DataFile], "separator sep delim", "use delimiter: \";\""),
    (&[K::DataFile], "sharing sharingmode unique scope per", "use bind: user, or bind: iteration"),
    (
        &[K::DataFile],
        "values rows items list",
        "write a list into vars: { words: [lamp, desk] }, and use {{ choice(words) }}",
    ),
    // Responses.
    (&[K::Expect], "statuscode code httpstatus responsecode ok", "use status: 200"),
    (
        &[K::Expect, K::ExpectRedis],
        "responsetime maxtime duration latency elapsed maxresponsetime maxduration under",
        "use time: < 1s",
    ),
    (&[K::Expect], "contenttype hasheader headerequals", "use header: { Content-Type: { contains: json } }"),
    (
        &[K::Expect, K::ExpectRedis],
        "contains matches text substring includes regex regexp matchesregexp bodycontains notcontains",
        "use body: { contains: text }, or body: { matches: pattern }",
    ),
    (
        &[K::Expect, K::ExpectRedis],
        "jsonpath path jsonbody hasproperty property equals eq value",
        "use json: { $.id: 1 }",
    ),
    (&[K::Expect], "length contentlength bodysize bytes bodylength", "use size: < 10KB"),
    (&[K::ExpectPublish], "count subscribers min gte listeners", "use receivers: { gte: 1 }"),
    (&[K::Operators], "equals equal is == === tobe toequal value exact", "use eq: 1, or the value itself"),
    (&[K::Operators], "notequals notequal isnot != !== neq not_eq", "use ne: 1"),
    (&[K::Operators], "greaterthan greater > above morethan after", "use gt: 1"),
    (&[K::Operators], "min atleast >= ge greaterorequal greaterthanorequal", "use gte: 1"),
    (&[K::Operators], "lessthan less < below under before", "use lt: 1"),
    (&[K::Operators], "max atmost <= le lessorequal lessthanorequal", "use lte: 1"),
    (&[K::Operators], "between range within", "use two operators: { gte: 1, lte: 10 }"),
    (&[K::Operators], "regex regexp pattern match like tomatch", "use matches: pattern"),
    (&[K::Operators], "includes include has haskey tocontain substring hasitem", "use contains: text"),
    (&[K::Operators], "startswith prefix begins", "use starts_with: text"),
    (&[K::Operators], "endswith suffix ends", "use ends_with: text"),
    (&[K::Operators], "oneof anyof any enum", "use in: [a, b]"),
    (&[K::Operators], "notnull isdefined present defined null isnull undefined exist", "use exists: true"),
    (&[K::Operators], "notempty empty isempty count size len haslength", "use length: { gte: 1 }"),
    (
        &[K::Operators],
        "type isa istype isstring isnumber isarray",
        "types are not tested; use matches: '^[0-9]+$', or length: { gte: 0 }",
    ),
    (&[K::CaptureFull], "jsonpath path expression jmespath property from", "use json: $.id"),
    (&[K::CaptureFull], "regexp pattern boundary match substring", "use regex: 'id=(\\d+)'"),
    (&[K::CaptureFull], "xpath selector query", "use css: \"form input[name=csrf]\""),
    (
        &[K::CaptureFull],
        "as name variable var refname to saveas",
        "the key is the name of the variable: capture: { id: $.id }",
    ),
    (&[K::CaptureFull], "attr", "use attribute: value"),
    (&[K::CaptureFull], "index matchno matchnumber occurrence nth at", "use pick: first, last, random or all"),
    (&[K::CaptureFull], "group", "the first group of the pattern is captured; write (?:…) for the others"),
    (
        &[K::CaptureFull],
        "fallback defaultvalue strict optional required else",
        "use default: 0 for a value that may be missing",
    ),
    // Settings.
    (&[K::GraphqlSettings], "url path uri host", "use endpoint: /graphql"),
    (&[K::RedisSettings], "host port password username user db database address addr server servers", REDIS_URL),
    (&[K::RedisSettings], "ssl secure", "use url: rediss://localhost:6379"),
    (&[K::Report], "format formats file path output dir folder name type", "use html: report.html"),
    (&[K::File], "path filename source src", "use file: photo.jpg"),
    (&[K::File], "contenttype mime mimetype mediatype", "use type: image/jpeg"),
];

/// Keys of one action: what people write beside it.
const OF_ACTIONS: &[(&str, &str, &str)] = &[
    (
        "graphql",
        "query document mutation body json gql subscription",
        "the document is the value of `graphql`: - graphql: \"{ shop { name } }\"",
    ),
    ("graphql", "operationname", "use operation: NAME"),
    ("publish", "message data value body json content text", "use payload: text, or payload: { id: 1 }"),
    (
        "publish subscribe unsubscribe",
        "channel channels topic topics",
        "the channel is the value of the action: - publish: orders",
    ),
    (
        "redis",
        "command args arguments key value field",
        "the command is the value of `redis`: - redis: [SET, key, value]",
    ),
    ("repeat for_each while", "do actions flow tasks then body loop requests", "use steps: [{ get: / }]"),
    ("repeat for_each", "count times index loopvalue loopelement name", "use as: n for the name of the variable"),
    ("if", "steps do true", "use then: [{ get: / }]"),
    ("if", "false otherwise elseif elif", "use else: [{ get: / }]"),
    ("call", "args params vars parameters variables inputs", "use with: { id: 1 }"),
];

/// What to write instead of this key of a map.
pub(crate) fn key(kind: K, word: &str) -> Option<&'static str> {
    let note = KEYS.iter().find(|(kinds, words, _)| kinds.contains(&kind) && has(words, word));
    note.map(|(.., note)| *note)
}

/// What to write instead of this key in a step with this action.
pub(crate) fn key_of_action(action: &str, word: &str) -> Option<&'static str> {
    let is_of = |actions: &str| actions.split(' ').any(|known| known == action);
    let note = OF_ACTIONS.iter().find(|(actions, words, _)| is_of(actions) && has(words, word));
    note.map(|(.., note)| *note)
}

/// True if the list, separated by spaces, contains the word in any spelling.
fn has(words: &str, word: &str) -> bool {
    let word = folded(word);
    !word.is_empty() && words.split(' ').any(|known| folded(known) == word)
}

/// A word without the differences between `statusCode`, `status-code` and `status_code`.
fn folded(word: &str) -> String {
    word.chars().filter(|c| !"_- .".contains(*c)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_word_are_equal() {
        for word in ["statusCode", "status_code", "status-code", "STATUS CODE"] {
            assert_eq!(folded(word), "statuscode");
        }
    }
}
