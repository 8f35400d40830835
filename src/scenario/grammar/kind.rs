//! The kinds of values in a scenario. Each is a definition of the JSON Schema.

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// What a value is, or a part of one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum ValueKind {
            $($(#[$doc])* $kind,)*
        }

        impl ValueKind {
            /// The name of its definition in the JSON Schema.
            pub fn name(self) -> &'static str {
                match self {
                    $(ValueKind::$kind => $name,)*
                }
            }
        }

        /// All kinds.
        #[cfg(test)]
        pub(super) const ALL: &[ValueKind] = &[$(ValueKind::$kind,)*];
    };
}

kinds! {
    /// A user class.
    Class = "class",
    /// A task.
    Task = "task",
    /// What every request has.
    Defaults = "defaults",
    /// A map of operators.
    Operators = "operators",
    /// What the response to a request must be.
    Expect = "expect",
    /// What the response to a publish must be.
    ExpectPublish = "expect_publish",
    /// What the response to a Redis command must be.
    ExpectRedis = "expect_redis",
    /// The full form of a capture.
    CaptureFull = "capture_full",
    /// The load in stages.
    Shape = "shape",
    /// One stage of a load.
    Stage = "stage",
    /// A rate of iterations.
    Arrivals = "arrivals",
    /// A search for the largest load.
    Search = "search",
    /// A data file.
    DataFile = "data_file",
    /// Basic or bearer authentication.
    AuthFull = "auth_full",
    /// User and password.
    Basic = "basic",
    /// Certificates.
    Tls = "tls",
    /// A file of an upload.
    File = "file",
    /// The full form of a threshold.
    ThresholdFull = "threshold_full",
    /// The full form of what a threshold is about.
    OnFull = "on_full",
    /// Settings of all GraphQL steps.
    GraphqlSettings = "graphql_settings",
    /// Settings of all Redis steps.
    RedisSettings = "redis_settings",
    /// Files to write.
    Report = "report",
    /// What a run is compared with.
    Baseline = "baseline",
    /// The file.
    Scenario = "scenario",
    /// Top-level keys laid over the file.
    Profile = "profile",
    /// Any value.
    Any = "any",
    /// A string, or a number or truth value as one.
    Text = "text",
    /// Any value, or `@file` for the JSON of a file.
    AnyOrFile = "any_or_file",
    /// A string, or `@file` for the content of a file.
    TextOrFile = "text_or_file",
    /// A GraphQL document, or `@file` for that of a file.
    Document = "document",
    /// A string for the log, which is not sent.
    LogLine = "log_line",
    /// An expression, without braces.
    Expression = "expression",
    /// The name of a variable or a flow.
    Name = "name",
    /// A name that is shown.
    Label = "label",
    /// A path, or an http(s) URL.
    Address = "address",
    /// A base URL, or `demo`.
    Host = "host",
    /// A status or a class of them.
    StatusOne = "status_one",
    /// The name of a header.
    HeaderName = "header_name",
    /// The name of a header that a scenario may set.
    OwnHeader = "own_header",
    /// The name of a row of the statistics.
    Row = "row",
    /// The name of a variable.
    Variable = "variable",
    /// The short form of a capture.
    Place = "place",
    /// `true` or `false`.
    Bool = "bool",
    /// `true`.
    Yes = "yes",
    /// A value that has an order.
    Ordered = "ordered",
    /// A regular expression.
    Regex = "regex",
    /// A whole number up to a million.
    Whole = "whole",
    /// A whole number from 1 up.
    Some = "some",
    /// Users per second, above 0.
    SpawnRate = "spawn_rate",
    /// A list, a map or a template of one.
    Items = "items",
    /// A list, or a template of one.
    ListOrTemplate = "list_or_template",
    /// A number from 0 up.
    Number = "number",
    /// A whole number, or a template of one.
    Count = "count",
    /// A string with a template.
    Template = "template",
    /// A number of events, or a template of one.
    Events = "events",
    /// A length of time above 0, or a template of one.
    ListenFor = "listen_for",
    /// A length of time.
    Duration = "duration",
    /// A length of time above 0.
    Length = "length",
    /// A number per second, minute or hour.
    Rate = "rate",
    /// A number of bytes.
    Size = "size",
    /// A function of `wait_time`.
    Wait = "wait",
    /// The pause of a `wait` step.
    WaitStep = "wait_step",
    /// When the users of a class start.
    Start = "start",
    /// A version of HTTP.
    HttpVersion = "http_version",
    /// How long connections live.
    Connections = "connections",
    /// Whether GraphQL documents are sent by their hash.
    Persisted = "persisted",
    /// How GraphQL queries are sent.
    GraphqlMethod = "graphql_method",
    /// What a subscriber measures.
    Measure = "measure",
    /// What `stop` ends.
    Stop = "stop",
    /// Whether a GraphQL response may have errors.
    ErrorsExpected = "errors_expected",
    /// Which of several values is captured.
    Pick = "pick",
    /// What a search varies.
    Vary = "vary",
    /// The order of rows.
    Order = "order",
    /// Who gets a new row.
    Bind = "bind",
    /// What follows the last row.
    OnEnd = "on_end",
    /// What GraphQL errors mean.
    ErrorPolicy = "error_policy",
    /// The version of the Redis protocol.
    RedisProtocol = "redis_protocol",
    /// How published messages are stamped.
    Envelope = "envelope",
    /// What a regression does.
    Regression = "regression",
    /// A list with at least one item.
    List = "list",
    /// Values by name.
    Map = "map",
    /// Values by name, at least one.
    Assignments = "assignments",
    /// One string or several.
    Texts = "texts",
    /// Authentication, or `none`.
    Auth = "auth",
    /// The values of one name.
    Pair = "pair",
    /// Values by name, where a list repeats its name.
    Pairs = "pairs",
    /// A list of steps.
    Steps = "steps",
    /// A list of tasks.
    Tasks = "tasks",
    /// User classes by name.
    Classes = "classes",
    /// Lists of steps by name.
    Flows = "flows",
    /// Data files by name.
    Data = "data",
    /// A list of stages.
    Stages = "stages",
    /// Profiles by name.
    Profiles = "profiles",
    /// What a value must be.
    Matcher = "matcher",
    /// What a time must be.
    TimeMatcher = "time_matcher",
    /// What a size must be.
    SizeMatcher = "size_matcher",
    /// What a count must be.
    CountMatcher = "count_matcher",
    /// What headers must be, by name.
    HeaderMatchers = "header_matchers",
    /// The value of a header.
    HeaderLine = "header_line",
    /// Headers by name.
    HeaderLines = "header_lines",
    /// What values must be, by JSONPath.
    PathMatchers = "path_matchers",
    /// A JSONPath.
    Path = "path",
    /// What a status must be.
    Status = "status",
    /// One capture.
    CaptureOne = "capture_one",
    /// Captures by name.
    Capture = "capture",
    /// One file of an upload.
    Upload = "upload",
    /// The files of one field.
    Uploads = "uploads",
    /// The files of an upload by field.
    Files = "files",
    /// One threshold.
    Threshold = "threshold",
    /// A list of thresholds.
    Thresholds = "thresholds",
    /// What a threshold is about.
    On = "on",
    /// A step.
    Step = "step",
}

impl ValueKind {
    /// Whether `@file` as the value stands for the content of the file.
    pub fn reads_files(self) -> bool {
        matches!(self, ValueKind::AnyOrFile | ValueKind::TextOrFile | ValueKind::Document)
    }
}
