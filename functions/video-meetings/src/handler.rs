//! The steps that all routes of `video-meetings` begin with.

use shared::{
    context::Context,
    http::{Error, Request, Response, path},
};

use crate::{
    FUNCTION, change, create, join, participant, read, removal,
    route::{Action, Route},
};

/// Serves one request.
///
/// 1. Find the route: 404, 405.
/// 2. Do what it says. Each begins by asking who calls: 401.
pub(crate) async fn handle(context: &Context, request: Request) -> Result<Response, Error> {
    // (1) Find the route.
    let segments = path::segments_below(FUNCTION.name, &context.path);
    let route = Route::of(&request.method, &segments)?;

    // (2) Do what it says.
    let (segment, action) = match route {
        Route::Create => return create::handle(context, &request).await,
        Route::Meeting(segment, action) => (segment, action),
    };
    match action {
        Action::Read => read::handle(context, &request, segment).await,
        Action::ListParticipants => participant::list(context, &request, segment).await,
        Action::Join => join::handle(context, &request, segment).await,
        Action::Leave => participant::leave(context, &request, segment).await,
        Action::Mute => participant::mute(context, &request, segment).await,
        Action::Remove => removal::remove(context, &request, segment).await,
        Action::Readmit => removal::readmit(context, &request, segment).await,
        Action::End => change::handle(context, &request, segment, "end").await,
        Action::Cancel => change::handle(context, &request, segment, "cancel").await,
    }
}
